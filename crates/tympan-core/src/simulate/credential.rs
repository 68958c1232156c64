//! Showing a secret itself, or what was got for one, as the provider would.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http::header;
use serde_json::Value as Json;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::proof::How;
use super::proof::STALE;
use super::proof::put;
use crate::config::BasicCheck;
use crate::config::ClientId;
use crate::config::ClientProof;
use crate::config::CredentialCheck;
use crate::config::Listener;
use crate::config::SecretId;
use crate::config::TOKEN_PATH;
use crate::config::TokenCheck;
use crate::config::Verification;

impl Simulation<'_> {
    /// The request by which the listener's client gets its access token, if it needs one.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn token_request(
        &self,
        listener: &Listener,
        draft: &Draft,
    ) -> Result<Option<Draft>, Unsimulable> {
        let asking = |client| self.ask_for_token(client, draft);
        self.gets_token(&listener.verification).map(asking).transpose()
    }

    pub(super) fn tell(
        &self,
        listener: &Listener,
        check: &TokenCheck,
        draft: &mut Draft,
        how: How,
    ) -> Result<(), Unsimulable> {
        let token = self.shown(check.secret, "token", how)?;
        let token = format!("{}{}{token}", listener.simulate.prefix, check.prefix);
        draft.holds_secret = true;
        let is_computed = check.received.as_path().is_none();
        let elsewhere = listener.simulate.token.as_ref().filter(|_| is_computed);
        let at = elsewhere.unwrap_or(&check.received);
        put(draft, listener, at, token, ("received_token", "token"))
    }

    pub(super) fn log_in(
        &self,
        check: &BasicCheck,
        draft: &mut Draft,
        how: How,
    ) -> Result<(), Unsimulable> {
        let password = self.shown(check.secret, "password", how)?;
        let both = STANDARD.encode(format!("{}:{password}", check.username));
        authorize(draft, &format!("Basic {both}"));
        Ok(())
    }

    pub(super) fn present(
        &self,
        check: &CredentialCheck,
        draft: &mut Draft,
        how: How,
    ) -> Result<(), Unsimulable> {
        let client = self.config.clients.get(check.client.0);
        let token = match client.and_then(|client| client.proof.as_ref()) {
            None => return Err(Unsimulable::NoProof),
            Some(ClientProof::ApiKey(secret)) => self.shown(*secret, "key", how)?,
            Some(ClientProof::OAuth { .. }) => self.access_token(check.client, draft, how)?,
        };
        authorize(draft, &format!("Bearer {token}"));
        Ok(())
    }

    /// A token as its client gets it: given by whoever has asked a server, or from here.
    fn access_token(
        &self,
        client: ClientId,
        draft: &Draft,
        how: How,
    ) -> Result<String, Unsimulable> {
        let token = match (&self.access_token, how) {
            // Those of a server end when they do.
            (Some(_), How::Stale) => return Err(Unsimulable::NoTimestamp),
            (Some(token), _) => token.clone(),
            (None, _) => {
                let mut asking = self.ask_for_token(client, draft)?;
                if let (How::Stale, Some(ClientProof::OAuth { lifetime, .. })) =
                    (how, &self.config.clients[client.0].proof)
                {
                    asking.now -= lifetime.as_secs_f64() + STALE;
                }
                let (answer, _) = self.answer(&asking);
                token_in(&answer.reply.body).ok_or(Unsimulable::NoToken)?
            }
        };
        Ok(if how == How::Wrong { format!("{token}x") } else { token })
    }

    fn ask_for_token(&self, client: ClientId, draft: &Draft) -> Result<Draft, Unsimulable> {
        let client = self.config.clients.get(client.0).and_then(|client| client.proof.as_ref());
        let Some(ClientProof::OAuth { client_id, secret, .. }) = client else {
            return Err(Unsimulable::NoProof);
        };
        let secret = self.shown(*secret, "secret", How::Right)?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        form.append_pair("client_id", client_id).append_pair("client_secret", &secret);
        let mut asking = Draft {
            method: Method::POST,
            path: TOKEN_PATH.to_owned(),
            query: Vec::new(),
            body: form.finish().into_bytes(),
            holds_secret: true,
            ..draft.clone()
        };
        let form = "application/x-www-form-urlencoded";
        asking.set_header(header::CONTENT_TYPE.as_str(), Some(form));
        asking.set_header(header::AUTHORIZATION.as_str(), None);
        Ok(asking)
    }

    /// The client of the first proof that wants an access token.
    fn gets_token(&self, verification: &Verification) -> Option<ClientId> {
        match verification {
            Verification::Credential(check) => {
                let client = self.config.clients.get(check.client.0)?;
                let is_asked_for = matches!(client.proof, Some(ClientProof::OAuth { .. }));
                is_asked_for.then_some(check.client)
            }
            Verification::Any(list) | Verification::All(list) => {
                list.iter().find_map(|entry| self.gets_token(entry))
            }
            _ => None,
        }
    }

    /// A secret as it is sent.
    fn shown(&self, secret: SecretId, what: &'static str, how: How) -> Result<String, Unsimulable> {
        if how == How::Stale {
            return Err(Unsimulable::NoTimestamp);
        }
        let secret = std::str::from_utf8(self.secret(secret)?.expose());
        let secret = secret.map_err(|_| Unsimulable::Unplaced { what, why: "it is no text" })?;
        let wrong = if how == How::Wrong { "!" } else { "" };
        Ok(format!("{secret}{wrong}"))
    }
}

/// The token in what a token endpoint answers.
#[must_use]
pub fn token_in(body: &[u8]) -> Option<String> {
    let answer: Json = serde_json::from_slice(body).ok()?;
    answer["access_token"].as_str().map(str::to_owned)
}

fn authorize(draft: &mut Draft, value: &str) {
    draft.set_header(header::AUTHORIZATION.as_str(), Some(value));
    draft.holds_secret = true;
}
