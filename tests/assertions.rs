//! Connectors that prove themselves with tokens that we sign: as they are, or for an access token.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use serde_json::json;

use crate::process::Folder;
use crate::process::tympan;
use crate::stub::Reply;
use crate::stub::Stub;

/// A system that takes every token, and gives one for every assertion.
fn system() -> Stub {
    Stub::start(|asked| {
        let answer = json!({"access_token": "granted", "expires_in": 3600});
        let is_asked = asked.line.starts_with("POST /token ");
        Reply::json(200, if is_asked { &answer } else { &Value::Null })
    })
}

fn folder(stub: &Stub, auth: &str) -> Folder {
    let address = stub.address;
    let auth = auth.replace("ADDRESS", &address.to_string());
    let folder = Folder::new(&format!(
        "version: 1\nsecrets: {{app: {{file: app.pem}}}}\nconnectors:\n  api: {{base_url: 'http://{address}', \
         auth: {auth}}}\nactions:\n  read: {{connector: api, path: /me}}\nlisteners: {{}}\n"
    ));
    openssl(&folder, &["genpkey", "-algorithm", "RSA", "-out", "app.pem"]);
    folder
}

#[track_caller]
fn openssl(folder: &Folder, arguments: &[&str]) {
    let output =
        Command::new("openssl").args(arguments).current_dir(folder.path(".")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn call(folder: &Folder) -> (i32, String) {
    let output = tympan().args(["call", "read"]).current_dir(folder.path(".")).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Header and claims of a token, once `openssl` has found its signature to be good.
#[track_caller]
fn verified(folder: &Folder, token: &str, options: &[&str]) -> (Value, Value) {
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    folder.write("signed", signed);
    folder.write("signature", decoded(signature));
    openssl(folder, &["pkey", "-in", "app.pem", "-pubout", "-out", "public.pem"]);
    let verify = ["pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin"];
    let files = ["-in", "signed", "-sigfile", "signature"];
    openssl(folder, &[&verify[..], &files, options].concat());
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part| serde_json::from_slice(&decoded(part)).unwrap();
    (read(header), read(claims))
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn an_access_token_is_granted_for_an_assertion() {
    let stub = system();
    let auth = "{oauth: {token_url: 'http://ADDRESS/token', grant: jwt_bearer, scope: read, assertion: {key: \
                app, key_id: k1, issuer: robot@example.com, subject: ann@example.com, claims: {target: [a, 1]}}}}";
    let folder = folder(&stub, auth);
    assert_eq!(call(&folder).0, 0);
    let asked = stub.asked();
    assert_eq!(asked[1].header("authorization"), "Bearer granted");
    assert_eq!(asked[0].header("authorization"), "");
    let form: Vec<_> = form_urlencoded::parse(asked[0].body.as_bytes()).into_owned().collect();
    let names: Vec<_> = form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["grant_type", "assertion", "scope"]);
    assert_eq!(form[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (header, claims) = verified(&folder, &form[1].1, &["-digest", "sha256"]);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"], &claims["target"]),
        (
            &json!("robot@example.com"),
            &json!("ann@example.com"),
            &json!(format!("http://{}/token", stub.address)),
            &json!(["a", 1])
        )
    );
    let (made, ends) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    assert_eq!(ends - made, 300);
    assert!(made + 30 <= now() && now() < ends, "{claims}");
}

/// RFC 7523, section 2.2: the token takes the place of a secret.
#[test]
fn a_client_proves_itself_with_a_private_key() {
    let stub = system();
    let auth = "{oauth: {token_url: 'http://ADDRESS/token', client_id: us, client_assertion: {key: app, \
                algorithm: ES256, audience: them}}}";
    let folder = folder(&stub, auth);
    let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "app.pem"];
    openssl(&folder, &[&["genpkey"][..], &curve].concat());
    let (code, err) = call(&folder);
    assert_eq!(code, 0, "{err}");
    let asked = stub.asked();
    assert_eq!(asked[0].header("authorization"), "");
    let mut form: Vec<_> = form_urlencoded::parse(asked[0].body.as_bytes()).into_owned().collect();
    form.sort();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let (name, assertion) = form.remove(0);
    let parts = [
        ("client_assertion_type", kind),
        ("client_id", "us"),
        ("grant_type", "client_credentials"),
    ];
    assert_eq!(name, "client_assertion");
    assert_eq!(form, parts.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let claims = assertion.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&json!("us"), &json!("us"), &json!("them"))
    );
    assert!(claims["jti"].is_string() && claims["exp"].as_u64().unwrap() > now(), "{claims}");
}

#[test]
fn a_token_of_our_own_is_another_for_every_call() {
    let stub = system();
    let folder = folder(
        &stub,
        "{jwt: {key: app, algorithm: EdDSA, issuer: '12345', audience: us, lifetime: 10m}}",
    );
    openssl(&folder, &["genpkey", "-algorithm", "ED25519", "-out", "app.pem"]);
    assert_eq!((call(&folder).0, call(&folder).0), (0, 0));
    let mut ids = BTreeSet::new();
    for asked in stub.asked() {
        let token = asked.header("authorization").strip_prefix("Bearer ").unwrap();
        let (header, claims) = verified(&folder, token, &[]);
        assert_eq!(header, json!({"alg": "EdDSA", "typ": "JWT"}));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("12345"), &json!("us")));
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
        ids.insert(claims["jti"].to_string());
    }
    assert_eq!(ids.len(), 2);
}

#[test]
fn a_key_of_another_kind_is_told_and_never_shown() {
    let stub = system();
    let folder = folder(&stub, "{jwt: {key: app, algorithm: ES256}}");
    let (code, err) = call(&folder);
    let why = "error: read: the secret app cannot be used: it is no private key of the algorithm";
    assert_eq!((code, err.trim_end()), (1, why));
    assert_eq!(stub.asked().len(), 0);
}
