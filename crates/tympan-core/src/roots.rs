//! The names that expressions may use, and at which places.

use tympan_expr::Root;
use tympan_expr::RootId;
use tympan_expr::Shape;
use tympan_expr::Vocabulary;

/// The request's headers, in any case; repeated ones joined with `, `.
pub const HEADERS: RootId = RootId(0);
/// The bytes of the body.
pub const RAW_BODY: RootId = RootId(1);
/// The body as its parser understands it; null where it does not.
pub const PARSED_BODY: RootId = RootId(2);
/// The parameters of the query; of a repeated one the last.
pub const QUERY_PARAMS: RootId = RootId(3);
/// What stands in place of the path's `{parameters}`.
pub const PATH_PARAMS: RootId = RootId(4);
/// `POST`
pub const HTTP_METHOD: RootId = RootId(5);
/// The URL that the sender called.
pub const REQUEST_URL: RootId = RootId(6);
/// The address of the sender.
pub const CLIENT_IP: RootId = RootId(7);
/// The listener's own `name`, `path`, `url` and `rate`.
pub const LISTENER: RootId = RootId(8);
/// The computed tokens of a challenge, by name.
pub const CHALLENGE_TOKEN: RootId = RootId(9);
/// The timestamp that a signature covers.
pub const SIGNATURE_TIMESTAMP: RootId = RootId(10);
/// The item of `each` that an event is made of, or that is signed by itself.
pub const ITEM: RootId = RootId(11);
/// What an action is told.
pub const INPUTS: RootId = RootId(12);
/// What was encrypted of the answer that is being made, and what goes with it.
pub const REPLY: RootId = RootId(13);
/// An event that is delivered.
pub const EVENT: RootId = RootId(14);
/// The first name of `let`; the others follow.
pub const FIRST_LET: u16 = 100;

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Detection, tokens, and bodies of challenges: an unverified request.
    Challenge,
    /// The body of a challenge's response.
    ChallengeBody,
    /// The headers of a challenge's response.
    ChallengeHeader,
    /// Where a signature, timestamp or token is.
    Proof,
    /// What is signed.
    Payload,
    /// Where the signature or timestamp of one item is.
    ItemProof,
    /// What is signed of one item.
    ItemPayload,
    /// Decisions and values after verification.
    Verified,
    /// The parts of one event.
    Event,
    /// The body of a response after verification.
    ResponseBody,
    /// The headers of a response after verification.
    ResponseHeader,
    /// A response to an unverified request: it may say nothing that it was told.
    Refusal,
    /// What a destination is sent: the event is all that is left of the request.
    Delivery,
    /// What an action sends.
    Action,
    /// What is wanted of its answer.
    Result,
}

/// Every root that is not a name of `let`.
pub const ALL: &[(RootId, &str, Shape)] = &[
    (HEADERS, "headers", Shape::Headers),
    (RAW_BODY, "raw_body", Shape::Value),
    (PARSED_BODY, "parsed_body", Shape::Value),
    (PARSED_BODY, "request_body", Shape::Value),
    (QUERY_PARAMS, "query_params", Shape::Record),
    (PATH_PARAMS, "path_params", Shape::Record),
    (HTTP_METHOD, "http_method", Shape::Value),
    (REQUEST_URL, "request_url", Shape::Value),
    (CLIENT_IP, "client_ip", Shape::Value),
    (LISTENER, "listener", Shape::Record),
    (CHALLENGE_TOKEN, "challenge_token", Shape::Record),
    (SIGNATURE_TIMESTAMP, "signature_timestamp", Shape::Value),
    (ITEM, "item", Shape::Value),
    (REPLY, "reply", Shape::Record),
    (EVENT, "event", Shape::Value),
];

/// The names that exist at a place, with those of `let` where they do.
#[must_use]
pub fn vocabulary(place: Place, lets: &[String]) -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    for (id, name, shape) in ALL {
        if exists(*id, place) {
            vocabulary.roots.push(Root { id: *id, name: (*name).to_owned(), shape: *shape });
        } else {
            vocabulary.elsewhere.push(name);
        }
    }
    let sees_lets = matches!(
        place,
        Place::Verified | Place::Event | Place::ResponseBody | Place::ResponseHeader
    );
    if sees_lets {
        vocabulary.roots.extend((FIRST_LET..).zip(lets).map(|(id, name)| Root {
            id: RootId(id),
            name: name.clone(),
            shape: Shape::Value,
        }));
    }
    if matches!(place, Place::Action | Place::Result) {
        let (id, name, shape) = (INPUTS, "inputs".to_owned(), Shape::Value);
        vocabulary.roots.push(Root { id, name, shape });
    }
    // A bare name reads the body, as in Moveworks, wherever a field of the body makes sense.
    let reads_body = matches!(
        place,
        Place::Challenge
            | Place::ChallengeBody
            | Place::Verified
            | Place::Event
            | Place::ResponseBody
    );
    vocabulary.body = match place {
        Place::Action => Some(INPUTS),
        Place::Result => Some(PARSED_BODY),
        _ => reads_body.then_some(PARSED_BODY),
    };
    vocabulary
}

fn exists(root: RootId, place: Place) -> bool {
    match root {
        _ if matches!(place, Place::Refusal | Place::Action) => root == LISTENER,
        _ if place == Place::Result => matches!(root, HEADERS | RAW_BODY | PARSED_BODY),
        _ if place == Place::Delivery => matches!(root, LISTENER | EVENT),
        EVENT => false,
        CHALLENGE_TOKEN => matches!(place, Place::ChallengeBody | Place::ChallengeHeader),
        SIGNATURE_TIMESTAMP => matches!(place, Place::Payload | Place::ItemPayload),
        REPLY => matches!(
            place,
            Place::ChallengeBody
                | Place::ChallengeHeader
                | Place::ResponseBody
                | Place::ResponseHeader
        ),
        ITEM => matches!(place, Place::Event | Place::ItemProof | Place::ItemPayload),
        _ => true,
    }
}
