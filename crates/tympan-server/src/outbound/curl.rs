//! Calls as command lines of curl, with the names of secrets in the place of their values.

use tympan_core::action::Rendered;
use tympan_core::config::Action;
use tympan_core::config::Auth;
use tympan_core::config::SecretId;

use super::call::Caller;

impl Caller<'_> {
    /// The same call as a command line of curl, with the names of secrets in the place of their values.
    #[must_use]
    pub fn curl(&self, action: &Action, rendered: &Rendered) -> String {
        let connector = &self.config.connectors[action.connector.0];
        let name = |secret: &SecretId| {
            let name = &self.config.secrets[secret.0].name;
            format!("${{{}}}", name.to_uppercase().replace('-', "_"))
        };
        // Within quotes that keep variables as they stand, those end before one and go on behind it.
        let outside =
            |text: &str| rendered.without_marks(text, |secret| format!("'\"{}\"'", name(&secret)));
        let variable = |text: &str| rendered.without_marks(text, |secret| name(&secret));
        let mut target = variable(&rendered.target);
        let mut lines = Vec::new();
        match &connector.auth {
            Auth::None => {}
            Auth::Header { name: header, pattern, key } => {
                let value = within(pattern).replace("%s", &name(key));
                lines.push(format!("-H \"{header}: {value}\""));
            }
            Auth::Query { name: parameter, key } => {
                let sign = if target.contains('?') { '&' } else { '?' };
                target = format!("{target}{sign}{parameter}={}", name(key));
            }
            Auth::Path { pattern, key } => {
                target = format!("{}{target}", pattern.replace("%s", &name(key)));
            }
            Auth::Basic { username, password } => {
                lines.push(format!("-u \"{username}:{}\"", name(password)));
            }
            Auth::OAuth(_) | Auth::Jwt(_) => {
                lines.push("-H \"Authorization: Bearer ${TOKEN}\"".to_owned());
            }
        }
        for (header, value) in &rendered.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            lines.push(format!("-H {}", outside(&quoted(&format!("{header}: {value}")))));
        }
        if !rendered.body.is_empty() {
            let body = String::from_utf8_lossy(&rendered.body);
            lines.push(format!("--data-binary {}", outside(&quoted(&body))));
        }
        let url = format!("\"{}{target}\"", connector.base_url);
        let first = format!("curl -sS -X {} {url}", rendered.method);
        std::iter::once(first).chain(lines).collect::<Vec<_>>().join(" \\\n  ")
    }
}

/// A text that a shell takes as it stands within quotes that let variables be.
fn within(text: &str) -> String {
    let is_read = |character| matches!(character, '\\' | '"' | '$' | '`');
    let mut within = String::with_capacity(text.len());
    for character in text.chars() {
        within.extend(is_read(character).then_some('\\'));
        within.push(character);
    }
    within
}

/// A word that a shell takes as it stands.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;
    use super::within;

    #[test]
    fn words_of_a_shell() {
        assert_eq!(within(r#"key="%s" $`\"#), r#"key=\"%s\" \$\`\\"#);
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
