//! The API of a generated crate by hand, as a service uses it.

use shop_events::definitions::{
    Address, AddressRequired, Channel, Event as ParcelEvent, Money, MoneyRequired, Payment,
};
use shop_events::{
    AnyEvent, Contract, Error, ErrorKind, Event, EventSet, OrderPlacedV1, OrderPlacedV1Customer,
    OrderPlacedV1CustomerRequired, OrderPlacedV1ItemsItem, OrderPlacedV1ItemsItemRequired,
    OrderPlacedV1Required, OrderPlacedV1Shipping, OrderPlacedV1ShippingDelivery,
    OrderPlacedV1ShippingDeliveryRequired, OrderPlacedV2, ParcelMovedV1, Payload, ShopOpenedV1,
};
use wr_core::Keyword;
use wr_core::serde_json::{self, Value, json};
use wr_core::uuid::Uuid;

/// Every step; what is not as it should be panics.
pub fn by_hand() {
    constants();
    an_event_goes_there_and_back();
    what_is_unknown_is_read_and_not_written();
    errors_name_the_place_and_the_keyword();
    a_message_finds_its_event();
}

fn money(amount: i64) -> Money {
    Money::new(MoneyRequired { amount, currency: "EUR".to_owned() })
}

fn order() -> OrderPlacedV1 {
    let price = money(1999);
    let item = OrderPlacedV1ItemsItemRequired { sku: "tea".to_owned(), quantity: 2, price };
    let address = AddressRequired { lines: vec!["Main St 1".to_owned()], country: "DE".to_owned() };
    let delivery = OrderPlacedV1ShippingDeliveryRequired { to: Address::new(address) };
    OrderPlacedV1::new(OrderPlacedV1Required {
        order_id: Uuid::nil(),
        customer: OrderPlacedV1Customer::new(OrderPlacedV1CustomerRequired {
            id: "c-1".to_owned(),
        }),
        items: vec![OrderPlacedV1ItemsItem::new(item)],
        shipping: OrderPlacedV1Shipping::Delivery(OrderPlacedV1ShippingDelivery::new(delivery)),
        total: money(3998),
    })
}

fn constants() {
    assert_eq!(OrderPlacedV1::SUBJECT, "shop.order.placed.v1");
    assert_eq!(OrderPlacedV1::EVENT_TYPE, "order.placed");
    assert_eq!((OrderPlacedV1::MAJOR, OrderPlacedV1::MINOR, OrderPlacedV1::VERSION), (1, 2, "1.2"));
    assert_eq!((OrderPlacedV2::MAJOR, OrderPlacedV2::MINOR, OrderPlacedV2::VERSION), (2, 1, "2.1"));
    let schema: Value = serde_json::from_str(OrderPlacedV1::SCHEMA).unwrap();
    assert!(schema["properties"]["metadata"].is_object());
    let catalogue = AnyEvent::CATALOGUE;
    let entry = catalogue.find_type("order.placed", 1).unwrap();
    assert_eq!((catalogue.domain, entry.minors.len()), ("shop", 3));
    assert!(catalogue.topology.is_none() && catalogue.dead_letters.is_empty());
}

fn an_event_goes_there_and_back() {
    let order = order();
    assert_eq!(order.channel_or_default(), Channel::Web);
    assert_eq!(order.customer.language_or_default(), "en");
    assert!(order.items.iter().all(|item| !item.gift_or_default()));
    let order = order
        .with_channel(Channel::InStore)
        .with_tags(vec!["gift".to_owned()])
        .with_metadata([("a".to_owned(), json!(null))].into());
    assert_eq!(order.channel_or_default(), Channel::InStore);
    let event = Event::new("shop-api", order).with_trace("t", "s").with_queue_id("q");
    assert_eq!((event.subject(), event.event_type()), ("shop.order.placed.v1", "order.placed"));
    assert_eq!(event.id.get_version_num(), 7);

    let bytes = event.encode().unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.starts_with("{\"id\":"), "{text}");
    assert!(
        text.contains(r#""data":{"order_id":"00000000-0000-0000-0000-000000000000","channel""#)
    );
    assert!(!text.contains("payment"), "what is absent is left out: {text}");
    assert_eq!(Event::<OrderPlacedV1>::decode(&bytes).unwrap(), event);
    assert_eq!(serde_json::from_slice::<Event<OrderPlacedV1>>(&bytes).unwrap(), event);
    assert!(ShopOpenedV1::new().encode().unwrap() == b"{}");

    // Its own trace where it names one, and a span alone is one too.
    assert_eq!(event.encode_traced("other", "other").unwrap(), bytes);
    for (trace_id, span_id) in [(None, Some("s")), (Some("t"), None)] {
        let mut half = event.clone();
        (half.trace_id, half.span_id) =
            (trace_id.map(str::to_owned), span_id.map(str::to_owned));
        assert_eq!(half.encode_traced("other", "other").unwrap(), half.encode().unwrap());
    }
    let mut bare = event.clone();
    (bare.trace_id, bare.span_id) = (None, None);
    let mut out = b"before".to_vec();
    bare.encode_traced_into(&mut out, "t", "s").unwrap();
    assert_eq!(out, [b"before", &bytes[..]].concat());
    bare.version = "3.0".to_owned();
    assert!(bare.encode_traced_into(&mut out, "t", "s").is_err());
    assert_eq!(out, [b"before", &bytes[..]].concat(), "what is refused is not begun");
}

/// The message of an order, with one member changed.
fn message(pointer: &str, value: Value) -> Vec<u8> {
    let mut message = serde_json::to_value(Event::new("shop-api", order())).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match message.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        parent => parent[name.parse::<usize>().unwrap()] = value,
    }
    serde_json::to_vec(&message).unwrap()
}

fn read(pointer: &str, value: Value) -> Result<Event<OrderPlacedV1>, Error> {
    Event::decode(&message(pointer, value))
}

fn what_is_unknown_is_read_and_not_written() {
    let event = read("/data/channel", json!("telephone")).unwrap();
    assert_eq!(event.data.channel, Some(Channel::Unknown("telephone".to_owned())));
    let error = event.encode().unwrap_err();
    assert_eq!((error.pointer(), error.keyword()), ("/data/channel", Some(Keyword::Enum)));

    let event = read("/data/payment", json!({ "method": "coins", "count": 3 })).unwrap();
    let Some(Payment::Unknown(branch)) = &event.data.payment else { panic!("{event:?}") };
    assert_eq!((branch.tag(), &branch.value()["count"]), ("coins", &json!(3)));
    assert_eq!(serde_json::to_value(&event).unwrap()["data"]["payment"]["count"], 3);
    let error = event.validate().unwrap_err();
    assert_eq!((error.pointer(), error.keyword()), ("/data/payment", Some(Keyword::OneOf)));

    let event = read("/data/brand_new", json!([1])).unwrap();
    assert!(event.encode().is_ok(), "what readers ignore is gone");
    let event = read("/data/tags", Value::Null).unwrap();
    assert_eq!(event.data.tags, None);
}

fn errors_name_the_place_and_the_keyword() {
    for (pointer, value, at, keyword) in [
        ("/data/items/0/quantity", json!(0), "/data/items/0/quantity", Keyword::Minimum),
        ("/data/items/0/quantity", json!("2"), "/data/items/0/quantity", Keyword::Type),
        ("/data/items", json!([]), "/data/items", Keyword::MinItems),
        ("/data/tags", json!(["a", "a"]), "/data/tags", Keyword::UniqueItems),
        ("/data/total/currency", json!("eur"), "/data/total/currency", Keyword::Pattern),
        ("/data/customer", json!({}), "/data/customer", Keyword::Required),
        ("/data/order_id", json!("1"), "/data/order_id", Keyword::Format),
        ("/data/discounts", json!({ "A/b": {} }), "/data/discounts", Keyword::PropertyNames),
        (
            "/data/discounts",
            json!({ "new": { "percent": 0 } }),
            "/data/discounts/new/percent",
            Keyword::ExclusiveMinimum,
        ),
        ("/data/shipping/to/lines", json!([""]), "/data/shipping/to/lines/0", Keyword::MinLength),
        ("/source", Value::Null, "/source", Keyword::Type),
    ] {
        let error = read(pointer, value).unwrap_err();
        assert_eq!((error.pointer(), error.keyword()), (at, Some(keyword)), "{error}");
    }
    let mut order = order();
    order.total.amount = -1;
    let error = order.validate().unwrap_err();
    assert_eq!((error.pointer(), error.keyword()), ("/total/amount", Some(Keyword::Minimum)));
    let error = Event::<OrderPlacedV1>::decode(b"{\n  nothing").unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Syntax { line: 2, column: 3 });
}

fn a_message_finds_its_event() {
    let bytes = message("/data/channel", json!("app"));
    let event = AnyEvent::decode("shop.order.placed.v1", &bytes).unwrap();
    assert_eq!(event.subject(), OrderPlacedV1::SUBJECT);
    match &event {
        AnyEvent::OrderPlacedV1(order) => assert_eq!(order.data.channel, Some(Channel::App)),
        other => panic!("{other:?}"),
    }
    event.validate().unwrap();

    let kind = |subject: &str, bytes: &[u8]| AnyEvent::decode(subject, bytes).unwrap_err();
    assert_eq!(kind("shop.order.placed.v3", &bytes).kind(), &ErrorKind::UnknownMajor);
    assert_eq!(kind("shop.order.eaten.v1", &bytes).kind(), &ErrorKind::UnknownType);
    assert_eq!(kind("shop.order.placed", &bytes).kind(), &ErrorKind::UnknownType);
    let error = kind("shop.order.placed.v2", &bytes);
    assert_eq!(error.kind(), &ErrorKind::MajorMismatch { expected: 2 });
    let error = kind("shop.parcel.moved.v1", &bytes);
    assert_eq!(error.kind(), &ErrorKind::TypeMismatch { expected: "parcel.moved" });

    let parcel = json!({ "number": "JD014600", "lines": [{ "sku": "a", "quantity": 1,
        "price": { "amount": 1, "currency": "EUR" } }] });
    let moved = json!({ "parcel": parcel, "event": "packed" });
    let moved = ParcelMovedV1::decode(&serde_json::to_vec(&moved).unwrap()).unwrap();
    assert_eq!(moved.event, ParcelEvent::Packed);
    let any = AnyEvent::from(Event::new("warehouse", moved));
    assert_eq!(any.subject(), "shop.parcel.moved.v1");
}
