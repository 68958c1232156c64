//! Requests as a listener's provider would send them.
//!
//! What verifies also signs: a signature is put where it is read from, over the payload that the
//! listener's own expression composes of the request that is being built.

mod credential;
mod draft;
mod encrypt;
mod example;
mod handshake;
mod jwt;
mod pairs;
mod place;
mod proof;
mod signature;
mod test;

use std::fmt;
use std::sync::Arc;

use crate::config::Accept;
use crate::config::Config;
use crate::config::Listener;
use crate::keys::Secrets;
use crate::pipeline::Answer;
use crate::pipeline::Ask;
use crate::pipeline::BodyFault;
use crate::pipeline::Captured;
use crate::pipeline::EventRecord;
use crate::pipeline::Exchange;
use crate::pipeline::Generation;
use crate::pipeline::Input;
use crate::pipeline::Kept;
use crate::pipeline::Live;
use crate::scheme::Unusable;
use crate::secret::Secret;

pub use credential::token_in;
pub use draft::Draft;
pub use pairs::with_pairs;
pub use test::Difference;
pub use test::Files;
pub use test::Verdict;
pub use test::tests;

use self::proof::How;

/// What a provider writes where something of its own has to stand: an opaque token, of which
/// nothing has to be known.
const TOKEN: &str = "5f2b7f0c9d3e41a886c0d5e7";

/// A configuration whose providers are played.
pub struct Simulation<'s> {
    config: &'s Config,
    secrets: &'s Secrets,
    generation: Arc<Generation>,
    /// What signs where the listener knows only the public key.
    private_key: Option<Secret>,
    /// What a server has given to the listener's client.
    access_token: Option<String>,
    /// Whether public keys are those of pairs that are made up.
    has_pairs: bool,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// The set-up request.
    Handshake,
    /// A delivery.
    Event,
    /// The same bytes twice.
    Replay,
    /// A delivery that was signed longer ago than is tolerated.
    Stale,
    /// A delivery with the signature of another.
    BadSignature,
    /// A delivery, and once more, signed anew.
    Duplicate,
}

/// Why a request cannot be built as the provider would.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Unsimulable {
    /// Where a part of the proof is put cannot be told from where it is read.
    Computed { key: &'static str, simulate: &'static str },
    /// A part cannot stand at its place.
    Unplaced { what: &'static str, why: &'static str },
    /// A secret has no value here.
    NoSecret { secret: String },
    /// No key can be made of what was found.
    NoKey { secret: String, why: Unusable },
    /// The listener knows a public key only.
    PublicOnly,
    /// Its key is that of a certificate, which is fetched from the provider.
    CertificateOnly,
    /// Its client gets no access token.
    NoToken,
    /// The payload is made of something that the request does not have.
    NoPayload,
    /// The body holds nothing where what is encrypted has to stand.
    NoMessage,
    /// There is no timestamp that could be old.
    NoTimestamp,
    /// There is no proof that could be wrong.
    NoProof,
    /// Only the sender's place or machine proves it.
    Other { what: &'static str },
    /// The listener has no challenge.
    NoChallenge,
    /// What a challenge is told by cannot be turned around.
    Detection,
    /// What is called before a challenge is answered cannot be told.
    Called,
    /// Where the encrypted text is put cannot be told from where it is read.
    Envelope,
}

impl<'s> Simulation<'s> {
    /// Plays the providers of a configuration that has no mistakes.
    #[must_use]
    pub fn new(config: &'s Config, secrets: &'s Secrets) -> Self {
        let generation = Arc::new(Generation::compile(config, 1, ""));
        Self {
            config,
            secrets,
            generation,
            private_key: None,
            access_token: None,
            has_pairs: false,
        }
    }

    /// The same with the private key of a provider of which a listener knows only the public one.
    #[must_use]
    pub fn with_private_key(self, key: Secret) -> Self {
        Self { private_key: Some(key), ..self }
    }

    /// The same with the private keys of pairs that are made up, for a configuration of [`with_pairs`].
    #[must_use]
    pub fn with_own_pairs(self) -> Self {
        Self { has_pairs: true, ..self }
    }

    /// The same with the access token that a server has given to the listener's client.
    #[must_use]
    pub fn with_access_token(self, token: String) -> Self {
        Self { access_token: Some(token), ..self }
    }

    /// What a listener's provider sends before it is proved, of what its `simulate` says.
    #[must_use]
    pub fn draft(&self, listener: &Listener, now: f64) -> Draft {
        let mut draft = Draft::new(listener, now);
        for (name, value) in &listener.simulate.headers {
            draft.set_header(name, value.as_deref());
        }
        for (name, value) in &listener.simulate.query {
            draft.set_query(name, value.as_deref());
        }
        if let Some(body) = &listener.simulate.body {
            draft.body.clone_from(body);
        } else {
            draft.body = Self::empty_body(listener.accept);
        }
        draft
    }

    /// A body that says nothing.
    fn empty_body(accept: Accept) -> Vec<u8> {
        match accept {
            Accept::Json | Accept::Any => b"{}".to_vec(),
            Accept::Form | Accept::Text => Vec::new(),
        }
    }

    /// The requests of a case, each made of the draft of a delivery.
    ///
    /// # Errors
    ///
    /// Why there are none.
    pub fn requests(
        &self,
        listener: &Listener,
        case: Case,
        draft: &Draft,
    ) -> Result<Vec<Draft>, Unsimulable> {
        let signed = |draft: &Draft, how| {
            let mut draft = draft.clone();
            self.encrypt(listener, &mut draft)?;
            self.prove(listener, &listener.verification, &mut draft, how)?;
            Ok(draft)
        };
        Ok(match case {
            Case::Handshake => vec![self.handshake(listener, draft, TOKEN)?],
            Case::Event => vec![signed(draft, How::Right)?],
            Case::Replay => vec![signed(draft, How::Right)?; 2],
            Case::Stale => vec![signed(draft, How::Stale)?],
            Case::BadSignature => vec![signed(draft, How::Wrong)?],
            Case::Duplicate => {
                let again = Draft { now: draft.now + 1.0, ..draft.clone() };
                vec![signed(draft, How::Right)?, signed(&again, How::Right)?]
            }
        })
    }

    /// Proves a delivery as the provider would.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub fn sign(&self, listener: &Listener, draft: &mut Draft) -> Result<(), Unsimulable> {
        self.encrypt(listener, draft)?;
        self.prove(listener, &listener.verification, draft, How::Right)
    }

    /// What becomes of a request; destinations take whatever they get.
    #[must_use]
    pub fn answer(&self, draft: &Draft) -> (Answer, Option<EventRecord>) {
        let live = Live::new(Arc::clone(&self.generation), self.secrets, &Arc::default());
        let mut exchange = Exchange::new(Arc::new(live), draft.head());
        let mut record = None;
        let mut input = Input::Head;
        loop {
            input = match exchange.step(input) {
                Ask::Answer(answer) => return (answer, record),
                Ask::Body { limit } if draft.body.len() as u64 > limit => {
                    Input::NoBody(BodyFault::TooLarge)
                }
                Ask::Body { .. } => Input::Body(draft.body.clone().into()),
                // Whoever simulates a handshake expects it.
                Ask::Capture(_) => Input::Captured(Captured::Stored),
                // Nobody is asked for keys, and whoever would be called is taken to answer.
                Ask::Fetch(request) if self.has_pairs => {
                    Input::Fetched(pairs::fetched(self.config, &request.source, draft.now))
                }
                Ask::Fetch(_) => Input::Fetched(Arc::default()),
                Ask::Call(_) => Input::Called(Ok(())),
                Ask::Append(events) => {
                    record = Some(*events);
                    Input::Kept(Kept::Stored)
                }
            };
        }
    }
}

impl Case {
    /// The words for them.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("handshake", Self::Handshake),
        ("event", Self::Event),
        ("replay", Self::Replay),
        ("stale", Self::Stale),
        ("bad-signature", Self::BadSignature),
        ("duplicate", Self::Duplicate),
    ];
}

impl fmt::Display for Unsimulable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Computed { key, simulate } => write!(
                f,
                "`{key}` is computed, which cannot be turned around: say where the provider puts \
                 it with `simulate: {{{simulate}: 'headers[\"X-Name\"]'}}`"
            ),
            Self::Unplaced { what, why } => write!(f, "the {what} cannot be put there: {why}"),
            Self::NoSecret { secret } => write!(f, "the secret {secret} cannot be resolved here"),
            Self::NoKey { secret, why } => write!(f, "no key can be made of {secret}: {why}"),
            Self::PublicOnly => f.write_str(
                "only the public key is known here, with which nothing can be signed: name the \
                 private one with --key, or as the signature's `signing_key`",
            ),
            Self::CertificateOnly => f.write_str(
                "it is signed with the key of the provider's own certificate, which nobody else has: \
                 only a certificate of yours can be played, with its private key as --key, or as \
                 the signature's `signing_key`",
            ),
            Self::NoToken => f.write_str("its client is given no access token"),
            Self::NoPayload => f.write_str(
                "a part of the signed payload is missing in the request: give it with --body, \
                 --header or `simulate:`",
            ),
            Self::NoMessage => f.write_str(
                "where the encrypted text stands is computed, which cannot be turned around: give \
                 the body as it is sent, with its message in the place of that text",
            ),
            Self::NoTimestamp => f.write_str("its signatures hold no timestamp that could be old"),
            Self::NoProof => f.write_str("anyone may send, so no proof can be wrong"),
            Self::Other { what } => write!(f, "`{what}` cannot be played from here"),
            Self::NoChallenge => f.write_str("it has no `challenge`"),
            Self::Detection => f.write_str(
                "none of its challenges is detected by parts of the request that are compared with \
                 texts, or only have to be there",
            ),
            Self::Called => f.write_str(
                "no URL that `call` calls can be told from where it is read and which it may be: give \
                 it with --body or `simulate:`",
            ),
            Self::Envelope => f.write_str(
                "`ciphertext` is cut out of the request, and what its provider writes around it \
                 cannot be told from that: give a body that is encrypted already with --body or \
                 `simulate:`",
            ),
        }
    }
}
