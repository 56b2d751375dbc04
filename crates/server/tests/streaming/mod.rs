//! A partner that asks again and again, and keeps what it was given.
#![allow(dead_code, unreachable_pub)]

use base64::Engine as _;
use serde_json::{Value, json};

/// What it asks for.
pub const ITEMS: &[&str] = &["name", "contact_phone"];

/// A release, as the partner holds it.
#[derive(Clone, Debug)]
pub struct Given {
    pub disclosure: String,
    pub index: u64,
    pub leaf: Vec<u8>,
}

/// Asks so many times, each time over a connection of its own. Ends early when nobody answers any more.
pub fn ask(issuer: &str, token: &str, times: usize) -> impl Future<Output = Vec<Given>> + Send + 'static {
    let (issuer, token) = (issuer.to_owned(), token.to_owned());
    async move {
        let http = super::demo::http().pool_max_idle_per_host(0).build().unwrap();
        let mut given = Vec::new();
        for _ in 0..times {
            let request = http.post(format!("{issuer}/v1/disclosures")).bearer_auth(&token);
            let request = request.json(&json!({ "purpose": "delivery", "items": ITEMS }));
            let Ok(answer) = request.send().await else { break };
            let status = answer.status();
            let Ok(told) = answer.json::<Value>().await else { break };
            // A machine may be faster than the app declared.
            if status == reqwest::StatusCode::TOO_MANY_REQUESTS {
                break;
            }
            assert!(status.is_success(), "{status} {told}");
            let receipt = &told["receipt"];
            let leaf = base64::engine::general_purpose::STANDARD.decode(receipt["leaf"].as_str().unwrap());
            given.push(Given {
                disclosure: told["disclosure"].as_str().unwrap().to_owned(),
                index: receipt["index"].as_u64().unwrap(),
                leaf: leaf.unwrap(),
            });
        }
        given
    }
}
