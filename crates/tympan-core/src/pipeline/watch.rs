//! Who may look on while a request is decided: nobody where requests are served, and whoever
//! explains a saved one.

use tympan_expr::Expression;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Scope;
use crate::anchor::Anchored;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::scheme::Signature;
use crate::scheme::Timestamp;

/// Is told what is found out about a request, as it is found out, and can change nothing.
pub(crate) trait Watch {
    /// Something was found out; `scope` is what expressions saw.
    fn saw(&self, fact: &Fact<'_>, scope: &Scope<'_, '_>);
}

/// Something that was found out about a request.
pub(crate) enum Fact<'f> {
    /// Whether the request is the challenge at this index.
    Challenge { index: usize, detected: bool },
    /// What the sender of the challenge at this index has proved.
    ChallengeProof { index: usize, result: Result<(), &'f Stop> },
    /// What the challenge at this index has called.
    ChallengeCall { index: usize, result: Result<&'f Anchored, &'f Stop> },
    /// A computed token of the challenge that is being answered.
    ChallengeToken { name: &'f str, value: &'f str },
    /// The challenge that is being answered brings this secret.
    Captured { secret: &'f str },
    /// Something that was encrypted, or signed, for the answer.
    Reply { name: &'f str, value: &'f str },
    /// Whether the listener takes the method.
    Method { taken: bool },
    /// What a signature proves.
    Signature(SignatureFact<'f>),
    /// What a token proves: the one that came in, and what was found.
    Token { number: usize, received: &'f Value<'f>, result: Result<(), &'f Stop> },
    /// What a proof that holds no secret proves, by its key.
    Other { number: usize, what: &'static str, result: Result<(), &'f Stop> },
    /// Anyone may send.
    Anyone,
    /// Whether the listener takes the media type.
    MediaType { taken: bool },
    /// Whether what is encrypted could be read.
    Decrypted { is_read: bool },
    /// What the parser made of the body: why it is not what it should be, if so.
    Decoded { fault: Option<&'f str> },
    /// The value of a name of `let`.
    Let { index: usize, value: &'f Value<'f> },
    /// What `reject` decided.
    Reject { rejected: bool },
    /// What `payload_schema` found wrong with the body, if anything.
    Schema { fault: Option<&'f Reason> },
    /// What `filter` decided.
    Filter { passed: bool },
    /// Events are made.
    Events,
    /// An event is made: of the item at this index, if it is made of one.
    Event { index: Option<usize> },
}

/// What a signature proves, and of what.
pub(crate) struct SignatureFact<'f> {
    /// Which of the listener's proofs, counted as they are written.
    pub(crate) number: usize,
    pub(crate) scheme: &'f Signature,
    /// The whole value that came in, if there is one.
    pub(crate) received: Option<&'f str>,
    /// The timestamp that is signed, if there is one.
    pub(crate) timestamp: Option<&'f Text<'f>>,
    pub(crate) judged: Option<Timestamp>,
    pub(crate) payloads: &'f [Expression],
    pub(crate) result: Result<(), &'f Stop>,
}
