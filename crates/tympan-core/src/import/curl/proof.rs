//! Which names of headers, parameters and members are those of something that proves who calls, and which
//! values begin as one does.

/// Words that say so wherever they stand in a name.
const PROVING: [&str; 9] = [
    "apikey",
    "authorization",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
];

/// Words that say so at the end of a name.
const PROVING_LAST: [&str; 8] =
    ["accesskey", "auth", "authkey", "bearer", "jwt", "sig", "signature", "token"];

/// What a key or token is for that proves nothing.
const ORDINARY: [&str; 9] = [
    "cache",
    "continuation",
    "foreign",
    "idempotency",
    "page",
    "partition",
    "primary",
    "public",
    "sort",
];

/// The schemes before a proof in a header, whatever that is called.
const SCHEMES: [&str; 3] = ["basic", "bearer", "token"];

/// Whether what goes by a name proves who calls. What cannot be told does: a secret that is taken for
/// something else would be written down.
pub(super) fn proves(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    let holds = |word: &String, known: &&str| word.contains(known);
    if words.iter().any(|word| PROVING.iter().any(|known| holds(word, known))) {
        return true;
    }
    let is_last = last == "key" || PROVING_LAST.iter().any(|known| last.ends_with(known));
    is_last && before.last().is_none_or(|word| !ORDINARY.contains(&word.as_str()))
}

/// A scheme and the proof behind it, if the value of a header is such.
pub(super) fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, proof) = text.split_once(' ')?;
    let is_known = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (is_known && !proof.is_empty()).then_some((scheme, proof))
}

/// The words of a name, in lower case: `X-Api-Key`, `client_secret` and `authToken` have two or three.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for char in name.chars() {
        let is_next = !char.is_ascii_alphanumeric() || (was_lower && char.is_ascii_uppercase());
        if is_next {
            words.push(String::new());
        }
        was_lower = char.is_ascii_lowercase() || char.is_ascii_digit();
        if let Some(word) = words.last_mut().filter(|_| char.is_ascii_alphanumeric()) {
            word.push(char.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::proves;

    #[test]
    fn names_of_what_proves() {
        for name in [
            "key",
            "X-Api-Key",
            "api_key",
            "apikey",
            "access_token",
            "accesstoken",
            "authToken",
            "client_secret",
            "clientSecret",
            "password_confirmation",
            "X-Auth",
            "Proxy-Authorization",
            "hub.verify_token",
            "X-Amz-Signature",
            "sig",
        ] {
            assert!(proves(name), "{name}");
        }
        for name in [
            "author",
            "authors",
            "sort_key",
            "sortKey",
            "Idempotency-Key",
            "page_token",
            "nextPageToken",
            "max_tokens",
            "token_type",
            "X-Auth-Email",
            "keyboard",
            "monkey",
            "design",
            "",
        ] {
            assert!(!proves(name), "{name}");
        }
    }
}
