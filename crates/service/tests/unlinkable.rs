//! Two partners who compare all they hold cannot tell that they share a person.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bed;

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bed::*;
use futures_executor::block_on;
use proptest::prelude::*;
use yinuo_domain::Suite;
use yinuo_service::*;

/// How many equal bytes in a row count as *the same thing*: with 64 bits nothing matches by chance here.
const WINDOW: usize = 8;

/// What one partner holds about one person. The proofs' hashes and the heads are the log's own public tiles, which
/// both partners can read anyway and which hold nothing but hashes of salted leaves.
#[derive(Default)]
struct Held(Vec<Vec<u8>>);

impl Held {
    fn text(&mut self, text: &str) {
        self.0.push(text.as_bytes().to_vec());
        // A token's or tag's bytes may be compared in any spelling.
        self.0.extend(text.split('_').next_back().and_then(|body| URL_SAFE_NO_PAD.decode(body).ok()));
    }

    /// Everything in a leaf that could name somebody: its byte strings of 64 bits or more, and its salt, tag and hashes
    /// are among them. What is left are small numbers, and the time, which whoever asked knows anyway.
    fn leaf(&mut self, bytes: &[u8]) {
        let mut decoder = minicbor::Decoder::new(bytes);
        while decoder.position() < bytes.len() {
            use minicbor::data::Type;
            match decoder.datatype().unwrap() {
                Type::Bytes => {
                    let bytes = decoder.bytes().unwrap();
                    self.0.extend((WINDOW <= bytes.len()).then(|| bytes.to_vec()));
                }
                Type::String => self.text(decoder.str().unwrap()),
                Type::Map => drop(decoder.map().unwrap()),
                Type::Array => drop(decoder.array().unwrap()),
                _ => decoder.skip().unwrap(),
            }
        }
    }

    fn windows(&self) -> HashSet<Vec<u8>> {
        self.0.iter().flat_map(|bytes| bytes.windows(WINDOW).map(<[u8]>::to_vec)).collect()
    }
}

/// Lets `person` live with `client`: consent, releases, refusals, a refresh, and what the partner holds of it.
async fn live(bed: &Bed, person: &str, client: &str, acts: &[u8]) -> Held {
    let mut held = Held::default();
    let (session, tokens) = bed.connect(person, client).await;
    let mut access = tokens.access_token.clone();
    held.text(tokens.access_token.as_str());
    held.text(tokens.refresh_token.as_str());
    held.0.push(tokens.sub.as_bytes().to_vec());
    for act in acts {
        bed.clock.forward_ms(u64::from(*act));
        match act % 4 {
            0 | 1 => {
                let items = if act % 4 == 0 { DELIVERY } else { &DELIVERY[..1] };
                if let Ok(delivered) = bed.ask(&access, "delivery", items, act % 8 < 4).await {
                    held.leaf(&delivered.receipt.leaf);
                    held.0.push(delivered.disclosure.0.to_vec());
                }
            }
            2 => assert!(bed.ask(&access, "offers", OFFERS, false).await.is_err()),
            _ => {
                bed.gateway.withdraw(&session, &app(client), Withdrawing::Whole).await.unwrap();
                let back = bed.agree(&session, client, &[("delivery", "name")]).await.unwrap();
                let tokens = bed.redeem(client, &back).await.unwrap();
                held.text(tokens.access_token.as_str());
                held.0.push(tokens.sub.as_bytes().to_vec());
                access = tokens.access_token;
            }
        }
    }
    held
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the courier holds about Ann has in common with what the shop holds about Ann only what it also has in
    /// common with what the shop holds about Bob: the form of a leaf, and nothing of a person.
    #[test]
    fn two_partners_cannot_tell_that_they_share_a_person(
        courier in proptest::collection::vec(any::<u8>(), 1..6),
        shop in proptest::collection::vec(any::<u8>(), 1..6),
        guomi in any::<bool>(),
    ) {
        let suite = if guomi { Suite::Guomi } else { Suite::International };
        let bed = Bed::memory(suite);
        let (ann_there, ann_here, bob_here, bob_there) = block_on(async {
            (
                live(&bed, "ann", "courier", &courier).await,
                live(&bed, "ann", "shop", &shop).await,
                live(&bed, "bob", "shop", &shop).await,
                live(&bed, "bob", "courier", &courier).await,
            )
        });
        // The same person's, without what any two leaves share because of their form.
        let form: HashSet<Vec<u8>> = ann_there.windows().intersection(&bob_here.windows()).cloned().collect();
        let form: HashSet<Vec<u8>> = form.union(&bob_there.windows().intersection(&ann_here.windows()).cloned().collect()).cloned().collect();
        for (a, b) in [(&ann_there, &ann_here), (&bob_there, &bob_here)] {
            let common: Vec<String> = a.windows().intersection(&b.windows()).filter(|window| !form.contains(*window)).map(|window| STANDARD.encode(window)).collect();
            prop_assert!(common.is_empty(), "in common: {common:?}");
        }
    }
}

/// The comparison above can see: it finds a planted tag.
#[test]
fn a_shared_identifier_would_be_found() {
    let (mut a, mut b) = (Held::default(), Held::default());
    a.text("yat_AAECAwQFBgcICQoLDA0ODw");
    b.0.push((0..16).collect());
    assert!(a.windows().intersection(&b.windows()).next().is_some());
}
