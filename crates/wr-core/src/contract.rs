//! What every generated type can do.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::codec::{self, Borrowed, Check, Owned};
use crate::error::Error;
use crate::pointer::At;
use crate::view::Readable;

/// What a message mostly fits in, so that its buffer grows once.
pub(crate) const USUAL_LENGTH: usize = 512;

/// A type that is generated from a schema.
///
/// Reading takes exactly the schema's reader language, checking accepts exactly its writer
/// language; `serde` alone writes what it is given, checked or not.
pub trait Contract: Readable + Serialize {
    /// The value of a JSON document.
    ///
    /// # Errors
    /// The document is not in the reader language; the first thing wrong, in the schema's order.
    fn read(value: Value, at: &At<'_>) -> Result<Self, Error>;

    /// Whether the value may be sent.
    ///
    /// # Errors
    /// The value is not in the writer language; the first thing wrong, in the schema's order.
    fn validate_at(&self, at: &At<'_>) -> Result<(), Error>;

    /// Whether the value may be sent.
    ///
    /// # Errors
    /// The value is not in the writer language; the first thing wrong, in the schema's order.
    fn validate(&self) -> Result<(), Error> {
        self.validate_at(&At::ROOT)
    }

    /// Appends the value as JSON, whether it may be sent or not: byte for byte what `serde_json`
    /// writes of it.
    ///
    /// [`Contract::encode_into`] is the one that asks first.
    fn write_into(&self, out: &mut Vec<u8>);

    /// The value of some bytes.
    ///
    /// # Errors
    /// The bytes are no JSON, or not in the reader language.
    fn decode(bytes: &[u8]) -> Result<Self, Error> {
        codec::message::<Owned, Self>(bytes).map_or_else(|| decode_exactly(bytes), Ok)
    }

    /// The value of some bytes as it stands there: nothing is copied that can be borrowed.
    ///
    /// # Errors
    /// The bytes are no JSON, or not in the reader language.
    fn decode_view(bytes: &[u8]) -> Result<Self::View<'_>, Error> {
        match codec::message::<Borrowed, Self>(bytes) {
            Some(view) => Ok(view),
            None => decode_exactly::<Self>(bytes).map(Self::into_view),
        }
    }

    /// Whether some bytes are in the reader language; builds nothing.
    ///
    /// # Errors
    /// The bytes are no JSON, or not in the reader language.
    fn check(bytes: &[u8]) -> Result<(), Error> {
        match codec::message::<Check, Self>(bytes) {
            Some(()) => Ok(()),
            None => decode_exactly::<Self>(bytes).map(drop),
        }
    }

    /// The bytes of the value.
    ///
    /// # Errors
    /// The value is not in the writer language.
    fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        self.encode_into(&mut out)?;
        Ok(out)
    }

    /// Appends the bytes of the value to a buffer, which is left as it was where it is refused.
    ///
    /// # Errors
    /// The value is not in the writer language.
    fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.validate()?;
        out.reserve(USUAL_LENGTH);
        self.write_into(out);
        Ok(())
    }
}

/// What the one pass was not sure of, judged and explained by way of a tree.
#[cold]
fn decode_exactly<T: Contract>(bytes: &[u8]) -> Result<T, Error> {
    let value = serde_json::from_slice(bytes).map_err(|error| Error::syntax(&error))?;
    T::read(value, &At::ROOT)
}

/// The payload of an event: what stands in the envelope's `data`.
pub trait Payload: Contract {
    /// The subject it travels on, for example `waitingroom.position.enqueued.v1`.
    const SUBJECT: &'static str;
    /// The envelope's `type`, for example `position.enqueued`.
    const EVENT_TYPE: &'static str;
    /// The major, which the subject ends with.
    const MAJOR: u32;
    /// The newest minor, which the type is generated from.
    const MINOR: u32;
    /// The envelope's `version` of what this build writes, for example `1.1`.
    const VERSION: &'static str;
    /// The newest minor's schema, references replaced.
    const SCHEMA: &'static str;
}

/// All events of a catalogue, for those who match on the subject.
pub trait EventSet: Serialize + Sized {
    /// The catalogue.
    const CATALOGUE: &'static Catalogue;

    /// An event as it stands in the bytes of a message, which it borrows from.
    type View<'a>;

    /// The event of a JSON document that came on a subject.
    ///
    /// # Errors
    /// The subject carries no event of this catalogue, or the document is none of the subject.
    fn read(subject: &str, value: Value, at: &At<'_>) -> Result<Self, Error>;

    /// Whether the event may be sent.
    ///
    /// # Errors
    /// The event is not in the writer language.
    fn validate_at(&self, at: &At<'_>) -> Result<(), Error>;

    /// The subject the event travels on.
    fn subject(&self) -> &'static str;

    /// Appends the event as JSON, whether it may be sent or not: byte for byte what `serde_json`
    /// writes of it.
    fn write_into(&self, out: &mut Vec<u8>);

    /// The event of some bytes that came on a subject.
    ///
    /// # Errors
    /// The subject carries no event of this catalogue, the bytes are no JSON, or they are no event
    /// of the subject.
    fn decode(subject: &str, bytes: &[u8]) -> Result<Self, Error> {
        // A subject that nobody knows is said before anything of the bytes, as everywhere.
        Self::CATALOGUE.find(subject)?;
        let value = serde_json::from_slice(bytes).map_err(|error| Error::syntax(&error))?;
        Self::read(subject, value, &At::ROOT)
    }

    /// The event of some bytes that came on a subject, as it stands there: nothing is copied that
    /// can be borrowed.
    ///
    /// # Errors
    /// As [`EventSet::decode`].
    fn decode_view<'a>(subject: &str, bytes: &'a [u8]) -> Result<Self::View<'a>, Error>;

    /// Whether some bytes that came on a subject are an event of it; builds nothing.
    ///
    /// # Errors
    /// As [`EventSet::decode`].
    fn check(subject: &str, bytes: &[u8]) -> Result<(), Error> {
        Self::decode(subject, bytes).map(drop)
    }

    /// The event that is viewed, borrowing nothing.
    fn from_view(view: Self::View<'_>) -> Self;

    /// Whether the event may be sent.
    ///
    /// # Errors
    /// The event is not in the writer language.
    fn validate(&self) -> Result<(), Error> {
        self.validate_at(&At::ROOT)
    }

    /// The bytes of the event.
    ///
    /// # Errors
    /// The event is not in the writer language.
    fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        self.encode_into(&mut out)?;
        Ok(out)
    }

    /// Appends the bytes of the event to a buffer, which is left as it was where it is refused.
    ///
    /// # Errors
    /// The event is not in the writer language.
    fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.validate()?;
        out.reserve(USUAL_LENGTH);
        self.write_into(out);
        Ok(())
    }
}

/// The value of what a deserializer holds: how a generated type implements `Deserialize`.
#[doc(hidden)]
pub fn deserialized<'de, T: Contract, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    T::read(value, &At::ROOT).map_err(serde::de::Error::custom)
}

/// Implements `Deserialize` through [`Contract::read`].
#[macro_export]
#[doc(hidden)]
macro_rules! deserialize {
    ($($type:ty),* $(,)?) => {
        $(impl<'de> $crate::serde::Deserialize<'de> for $type {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: $crate::serde::Deserializer<'de>,
            {
                $crate::deserialized(deserializer)
            }
        })*
    };
}
