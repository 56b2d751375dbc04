use axum::http::HeaderValue;
use yinuo_domain::{Reason, Suite};
use yinuo_oauth::TokenKind;

use super::*;
use crate::bed::{self, Bed};

const RECEIPT: fn() -> ReceiptView = || ReceiptView {
    log: "g/0".to_owned(),
    index: 41,
    leaf: vec![0, 1, 2, 255],
    sha256: Some("c2sp.org/tlog-proof@v1\nindex 41\n".to_owned()),
    sm3: None,
};

fn text(items: Vec<(&str, &[u8])>, withheld: Vec<(&str, &'static str)>) -> String {
    let body = write("dsc_07", "delivery", &items, &withheld, &RECEIPT()).unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[test]
fn the_answer_has_the_shape_that_partners_were_promised() {
    let receipt = r#""receipt":{"log":"g/0","index":41,"leaf":"AAEC/w==","proofs":{"sha256":"c2sp.org/tlog-proof@v1\nindex 41\n"}}}"#;
    assert_eq!(
        text(vec![("name", "林一".as_bytes()), ("address", b"a \"b\"\n")], vec![]),
        [
            r#"{"disclosure":"dsc_07","purpose":"delivery","items":{"name":"林一","address":"a \"b\"\n"},"#,
            receipt
        ]
        .concat()
    );
    assert_eq!(
        text(vec![("name", b"x")], vec![("email", public(Reason::NotGranted).code())]),
        [
            r#"{"disclosure":"dsc_07","purpose":"delivery","items":{"name":"x"},"withheld":{"email":"not-granted"},"#,
            receipt
        ]
        .concat()
    );
    assert_eq!(
        text(vec![], vec![]),
        [r#"{"disclosure":"dsc_07","purpose":"delivery","items":{},"#, receipt].concat()
    );
}

#[test]
fn any_text_survives_as_json_and_is_written_into_memory_that_does_not_move() {
    let long = "\u{1}\"\\诺".repeat(8_000);
    let items: Vec<(&str, &[u8])> =
        vec![("a", long.as_bytes()), ("b", b""), ("c", "\u{2028}</script>".as_bytes())];
    let escaped: usize = items.iter().map(|(_, value)| value.len() * 6).sum();
    let body = write("dsc_07", "delivery", &items, &[("d", "not-granted")], &RECEIPT()).unwrap();
    // A buffer that had grown would have at least doubled, and left a copy of the values behind.
    assert!(body.len() <= body.capacity() && body.capacity() < escaped + 4_096);
    let back: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(back["items"]["a"], long);
    assert_eq!(back["items"]["c"], "\u{2028}</script>");
    assert_eq!(back["receipt"]["leaf"], "AAEC/w==");
}

#[test]
fn a_log_without_trees_leaves_an_empty_proof() {
    let view = ReceiptView { sha256: None, sm3: None, ..RECEIPT() };
    let body = write("dsc_07", "delivery", &[], &[], &view).unwrap();
    assert!(body.ends_with(b"\"proofs\":{}}}"));
}

#[test]
fn a_body_is_an_object_with_known_members_each_once() {
    #[rustfmt::skip]
    let cases: [(&str, bool); 16] = [
        (r#"{"purpose":"delivery","items":["name"]}"#,                               true),
        (r#" {"purpose":"delivery","items":["name"],"partial":true}"#,               true),
        (r#"{"purpose":"delivery","items":[]}"#,                                     true),
        (r#"{"purpose":"delivery"}"#,                                                false),
        (r#"{"items":["name"]}"#,                                                    false),
        (r#"{"purpose":"delivery","items":["name"],"extra":1}"#,                     false),
        (r#"{"purpose":"delivery","purpose":"offers","items":["name"]}"#,            false),
        (r#"{"purpose":"delivery","items":["name"],"items":["address"]}"#,           false),
        (r#"{"purpose":["delivery","offers"],"items":["name"]}"#,                    false),
        (r#"{"purpose":"delivery","items":"name"}"#,                                 false),
        (r#"{"purpose":"delivery","items":["name"],"partial":"true"}"#,              false),
        (r#"["delivery",["name"],true]"#,                                            false),
        (r#"{"purpose":"delivery","items":["name"]} x"#,                             false),
        (r#"{"purpose":"delivery","items":[null]}"#,                                 false),
        ("",                                                                          false),
        ("{",                                                                         false),
    ];
    for (body, expected) in cases {
        assert_eq!(parse(body.as_bytes()).is_ok(), expected, "{body}");
    }
}

#[test]
fn a_mistake_in_the_body_is_located_and_not_repeated() {
    let fault = parse(br#"{"purpose":"delivery","items":["name"],"canary-7":1}"#).err().unwrap();
    let said = serde_json::to_string(&fault.document("", crate::words::Lang::En.words())).unwrap();
    assert!(said.contains("line 1, column") && !said.contains("canary"), "{said}");
}

fn headers(name: &'static str, values: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

#[test]
fn whatever_is_wrong_with_a_token_has_one_answer() {
    let access = Opaque::new(TokenKind::Access, [7; 32]);
    let good = format!("Bearer {}", access.as_str());
    let refresh = format!("Bearer {}", Opaque::new(TokenKind::Refresh, [7; 32]).as_str());
    assert_eq!(bearer(&headers("authorization", &[good.as_bytes()])), Ok(access));
    let bad: [&[&[u8]]; 8] = [
        &[],
        &[b""],
        &[b"Bearer"],
        &[b"Bearer x"],
        &[b"Basic YTpi"],
        &[refresh.as_bytes()],
        &[good.as_bytes(), good.as_bytes()],
        &[b"Bearer \xff"],
    ];
    for values in bad {
        assert_eq!(bearer(&headers("authorization", values)), Err(Fault::new(Problem::InvalidToken)));
    }
}

#[test]
fn an_idempotency_key_is_1_to_255_visible_ascii_characters_once() {
    let read = |values: &[&[u8]]| idempotency_key(&headers("idempotency-key", values));
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(read(&[b"order-7"]), Ok(Some("order-7".to_owned())));
    assert!(read(&[&[b'x'; 255]]).is_ok());
    for bad in [&b""[..], b"a b", b"a\tb", "诺".as_bytes(), &[b'x'; 256]] {
        assert!(read(&[bad]).is_err(), "{bad:?}");
    }
    assert!(read(&[b"a", b"a"]).is_err());
}

/// Promise 4: a permit is void a second after its commit, however long the answer took to write.
#[test]
fn an_answer_whose_permit_ran_out_is_not_sent() {
    let bed = Bed::memory(Suite::Guomi);
    futures_executor::block_on(async {
        let (_, tokens) = bed.connect("ann", "courier").await;
        let ask = || bed::ask(&tokens.access_token, "delivery", &["name"], false);
        let in_time = bed.gateway.disclose(ask()).await.unwrap();
        bed.clock.forward_ms(900);
        drop(answer(&bed.gateway, in_time).await.unwrap());
        let late = bed.gateway.disclose(ask()).await.unwrap();
        bed.clock.forward_ms(1_001);
        let fault = answer(&bed.gateway, late).await.err().unwrap();
        assert_eq!((fault.problem, fault.retry_after_s), (Problem::NotDelivered, Some(1)));
    });
}
