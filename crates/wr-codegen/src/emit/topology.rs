//! Streams and consumers as constants.

use proc_macro2::TokenStream;
use quote::quote;
use wr_schema::Catalog;
use wr_schema::topology::{
    AckPolicy, Consumer, DeliverPolicy, Discard, Retention, Storage, Stream,
};

use super::subject::File;
use super::tokens;
use crate::{Error, render};

/// `src/topology.rs`, where the catalogue has a topology.
pub(super) fn file(catalog: &Catalog) -> Result<Option<File>, Error> {
    let Some(topology) = &catalog.topology else { return Ok(None) };
    let streams = topology.streams.iter().map(stream);
    let consumers = topology.consumers.iter().map(consumer);
    let (dead_letter_stream, dead_letter_subject) =
        (&topology.dead_letters.stream, &topology.dead_letters.subject);
    let (redrive, advisories) = (&topology.redrive.subject, &topology.advisories.stream);
    let tokens = quote! {
        use wr_core::topology::{
            AckPolicy, Consumer, DeadLetters, Deduplication, DeliverPolicy, Discard, Retention,
            Storage, Stream, Topology,
        };

        /// The streams and consumers on which the events travel.
        pub static TOPOLOGY: Topology = Topology {
            streams: &[#(#streams),*],
            consumers: &[#(#consumers),*],
            dead_letters: DeadLetters {
                stream: #dead_letter_stream,
                subject: #dead_letter_subject,
            },
            redrive_subject: #redrive,
            advisories_stream: #advisories,
        };
    };
    let path = "src/topology.rs".to_owned();
    let docs = ["Streams and consumers.".to_owned()];
    let text = render::file(&path, &docs, [tokens])?;
    Ok(Some((path, text)))
}

fn stream(stream: &Stream) -> TokenStream {
    let Stream { name, description, subjects, .. } = stream;
    let retention = match stream.retention {
        Retention::Limits => quote!(Retention::Limits),
    };
    let storage = match stream.storage {
        Storage::File => quote!(Storage::File),
        Storage::Memory => quote!(Storage::Memory),
    };
    let discard = match stream.discard {
        Discard::Old => quote!(Discard::Old),
        Discard::New => quote!(Discard::New),
    };
    let max_messages = tokens::integer(stream.max_messages.into());
    let max_bytes = tokens::integer(stream.max_bytes.into());
    let max_age = tokens::count(stream.max_age_seconds);
    let duplicate_window = tokens::count(stream.duplicate_window_seconds);
    let replicas = tokens::count(stream.replicas.into());
    quote! {
        Stream {
            name: #name,
            description: #description,
            subjects: &[#(#subjects),*],
            retention: #retention,
            storage: #storage,
            discard: #discard,
            max_messages: #max_messages,
            max_bytes: #max_bytes,
            max_age_seconds: #max_age,
            duplicate_window_seconds: #duplicate_window,
            replicas: #replicas,
        }
    }
}

fn consumer(consumer: &Consumer) -> TokenStream {
    let Consumer { name, stream, description, filter_subjects, .. } = consumer;
    let deliver_policy = match consumer.deliver_policy {
        DeliverPolicy::All => quote!(DeliverPolicy::All),
        DeliverPolicy::Last => quote!(DeliverPolicy::Last),
        DeliverPolicy::New => quote!(DeliverPolicy::New),
    };
    let ack_policy = match consumer.ack_policy {
        AckPolicy::Explicit => quote!(AckPolicy::Explicit),
    };
    let ack_wait = tokens::count(consumer.ack_wait_seconds);
    let attempts = tokens::count(consumer.attempts.into());
    let max_deliver = tokens::count(consumer.max_deliver.into());
    let max_ack_pending = tokens::count(consumer.max_ack_pending.into());
    let deduplication = match &consumer.deduplication {
        Some(deduplication) => {
            let bucket = &deduplication.bucket;
            let max_age = tokens::count(deduplication.max_age_seconds);
            quote!(Some(Deduplication { bucket: #bucket, max_age_seconds: #max_age }))
        }
        None => quote!(None),
    };
    quote! {
        Consumer {
            name: #name,
            stream: #stream,
            description: #description,
            deliver_policy: #deliver_policy,
            ack_policy: #ack_policy,
            filter_subjects: &[#(#filter_subjects),*],
            ack_wait_seconds: #ack_wait,
            attempts: #attempts,
            max_deliver: #max_deliver,
            max_ack_pending: #max_ack_pending,
            deduplication: #deduplication,
        }
    }
}
