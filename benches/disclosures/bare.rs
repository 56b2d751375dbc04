//! What `axum` alone does with a request and an answer of the same shapes and sizes, served the same way: read the JSON,
//! write the JSON, and nothing in between.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::client::{Questions, Tally};

#[derive(Deserialize)]
struct Ask {
    purpose: String,
    items: Vec<String>,
}

/// An answer of Yinuo, taken apart into the strings it is made of.
#[derive(Clone, Deserialize, Serialize)]
struct Answer {
    disclosure: String,
    purpose: String,
    items: std::collections::BTreeMap<String, String>,
    receipt: Receipt,
}

#[derive(Clone, Deserialize, Serialize)]
struct Receipt {
    log: String,
    index: u64,
    leaf: String,
    proofs: Proofs,
}

#[derive(Clone, Deserialize, Serialize)]
struct Proofs {
    sha256: String,
    sm3: String,
}

/// The request and the answer that Yinuo was seen to give.
pub struct Bare {
    request: Vec<u8>,
    answer: Answer,
    len: usize,
}

impl Bare {
    pub fn new(request: &[u8], answer: &[u8]) -> Self {
        let taken_apart = serde_json::from_slice(answer).expect("JSON");
        Self { request: request.to_vec(), answer: taken_apart, len: answer.len() }
    }

    pub fn router(&self) -> Router {
        Router::new().route("/v1/disclosures", post(create)).with_state(Arc::new(self.answer.clone()))
    }
}

async fn create(State(answer): State<Arc<Answer>>, Json(ask): Json<Ask>) -> Json<Answer> {
    assert_eq!(ask.items.len(), answer.items.len());
    Json(Answer { purpose: ask.purpose, ..(*answer).clone() })
}

impl Questions for Bare {
    fn request(&self, _: usize) -> &[u8] {
        &self.request
    }

    fn check(&self, _: usize, body: &[u8], _: &mut Tally) {
        assert_eq!(body.len(), self.len);
    }
}
