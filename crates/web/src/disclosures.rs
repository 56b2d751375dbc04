//! `POST /v1/disclosures`: an app asks for items, for one purpose.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use yinuo_oauth::{Opaque, parse_bearer};
use yinuo_service::{Delivered, DiscloseAsk, DiscloseError, Gateway, ReceiptView};
use zeroize::Zeroizing;

use crate::fault::{Fault, Problem, public};
use crate::forms::{body_of, has_type};
use crate::limits::{ITEMS_MAX, KEY_LEN_MAX, Limit};
use crate::visit::Web;

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/v1/disclosures", post(create))
}

/// Answers one ask.
async fn create(State(web): State<Web>, Ask(ask): Ask) -> Result<Response, Fault> {
    let delivered = web.gateway.disclose(ask).await?;
    answer(&web.gateway, delivered).await
}

/// The answer, while it may still leave. What was delivered is held until the connection has taken the last byte, so
/// a withdrawal waits for it, though no longer than the permit lasts.
async fn answer(gateway: &Gateway, delivered: Delivered) -> Result<Response, Fault> {
    let body = body(&delivered)?;
    // Asked last: a permit that ran out meanwhile gives nothing, what was written is wiped, and the log says so.
    if !delivered.ready(gateway) {
        gateway.not_delivered(delivered).await.map_err(DiscloseError::from)?;
        return Err(Fault::new(Problem::NotDelivered).again_after(1));
    }
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from(Bytes::from_owner(Sent { body, _delivered: delivered }))).into_response())
}

/// A body on its way out: dropped, and with it what a withdrawal waits for, when the connection has no more use for it.
struct Sent {
    body: Zeroizing<Vec<u8>>,
    _delivered: Delivered,
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// The body of a request. Unknown and repeated members are refused: whoever wrote them meant something by them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DisclosureRequest {
    purpose: String,
    items: Vec<String>,
    #[serde(default)]
    partial: bool,
}

/// A request that is an ask: a token, a body, perhaps a key.
struct Ask(DiscloseAsk);

impl FromRequest<Web> for Ask {
    type Rejection = Fault;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Fault> {
        let token = bearer(request.headers())?;
        let idempotency_key = idempotency_key(request.headers())?;
        // Whatever stands there was meant to change the answer, and does not.
        if request.uri().query().is_some() {
            return Err(Fault::malformed("query", "nothing may stand after the path of this address"));
        }
        if !has_type(request.headers(), "application/json") {
            return Err(Fault::new(Problem::UnsupportedType));
        }
        let body = body_of(request, web).await?;
        let DisclosureRequest { purpose, items, partial } = parse(&body)?;
        if ITEMS_MAX < items.len() {
            let limit = Limit::of(ITEMS_MAX, "items").given(u64::try_from(items.len()).ok());
            return Err(Fault::malformed("items", "there are too many").beyond(limit));
        }
        Ok(Self(DiscloseAsk { token, purpose, items, partial, idempotency_key, body: body.to_vec() }))
    }
}

/// The one access token. Whatever is wrong with it has one answer.
fn bearer(headers: &HeaderMap) -> Result<Opaque, Fault> {
    let refused = || Fault::new(Problem::InvalidToken);
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return Err(refused()) };
    let text = only.to_str().map_err(|_| refused())?;
    parse_bearer(text).map_err(|_| refused())
}

/// 1 to 255 visible ASCII characters, once.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let refused = |why: &str| Fault::malformed("Idempotency-Key", why);
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(key) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(refused("comes twice"));
    }
    let key = key.as_bytes();
    if KEY_LEN_MAX < key.len() {
        let limit = Limit::of(KEY_LEN_MAX, "characters").given(u64::try_from(key.len()).ok());
        return Err(refused("must be 1 to 255 visible ASCII characters").beyond(limit));
    }
    if key.is_empty() || !key.iter().all(u8::is_ascii_graphic) {
        return Err(refused("must be 1 to 255 visible ASCII characters"));
    }
    let key = std::str::from_utf8(key).map_err(|_| refused("must be ASCII"))?;
    Ok(Some(key.to_owned()))
}

fn parse(body: &[u8]) -> Result<DisclosureRequest, Fault> {
    // A derived type would also read its members from an array, in order.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Fault::malformed("body", "must be a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        // Where, and what sort of mistake; the library's own words may repeat what was sent.
        let sort = match error.classify() {
            serde_json::error::Category::Data => "has an unknown, repeated, missing or mistyped member",
            _ => "is not JSON",
        };
        Fault::malformed("body", format!("{sort} (line {}, column {})", error.line(), error.column()))
    })
}

fn body(delivered: &Delivered) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let items = delivered.items().map(|(item, value)| (item, value.expose()));
    let withheld = delivered.withheld.iter().map(|(item, reason)| (item.as_str(), public(*reason).code()));
    let items: Vec<_> = items.collect();
    let withheld: Vec<_> = withheld.collect();
    let id = delivered.disclosure.to_string();
    write(&id, delivered.purpose.as_str(), &items, &withheld, &delivered.receipt)
}

/// The answer of design §11, written straight from the bytes of the values into memory that is wiped.
fn write(
    disclosure: &str,
    purpose: &str,
    items: &[(&str, &[u8])],
    withheld: &[(&str, &'static str)],
    receipt: &ReceiptView,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let proofs = [("sha256", receipt.sha256.as_deref()), ("sm3", receipt.sm3.as_deref())];
    // Room for everything at once, so that growing leaves no copies behind: JSON makes six bytes of one at most.
    let escaped: usize =
        items.iter().map(|(_, value)| value.len().saturating_mul(6).saturating_add(96)).sum();
    let proven: usize = proofs.iter().filter_map(|(_, proof)| proof.map(str::len)).sum();
    let room = escaped.saturating_add(proven.saturating_mul(2)).saturating_add(receipt.leaf.len() * 2);
    let mut out = Zeroizing::new(Vec::with_capacity(room.saturating_add(96 * withheld.len() + 1_024)));

    put(&mut out, b"{\"disclosure\":", &disclosure)?;
    put(&mut out, b",\"purpose\":", &purpose)?;
    out.extend_from_slice(b",\"items\":{");
    for (nth, (item, value)) in items.iter().enumerate() {
        // Values were checked to be text when they were stored.
        let value = std::str::from_utf8(value).map_err(|_| broken())?;
        put(&mut out, if nth == 0 { b"" } else { b"," }, item)?;
        put(&mut out, b":", &value)?;
    }
    out.extend_from_slice(b"}");
    if !withheld.is_empty() {
        let codes: serde_json::Map<String, serde_json::Value> =
            withheld.iter().map(|(item, code)| ((*item).to_owned(), (*code).into())).collect();
        put(&mut out, b",\"withheld\":", &codes)?;
    }
    put(&mut out, b",\"receipt\":{\"log\":", &receipt.log)?;
    put(&mut out, b",\"index\":", &receipt.index)?;
    put(&mut out, b",\"leaf\":", &STANDARD.encode(&receipt.leaf))?;
    out.extend_from_slice(b",\"proofs\":");
    let mut before = b"{";
    for (tree, proof) in proofs {
        let Some(proof) = proof else { continue };
        put(&mut out, before, &tree)?;
        put(&mut out, b":", &proof)?;
        before = b",";
    }
    out.extend_from_slice(if before == b"{" { b"{}}}" } else { b"}}}" });
    Ok(out)
}

fn put(out: &mut Vec<u8>, before: &[u8], value: &impl Serialize) -> Result<(), Fault> {
    out.extend_from_slice(before);
    serde_json::to_writer(out, value).map_err(|_| broken())
}

fn broken() -> Fault {
    tracing::error!("an answer could not be written");
    Fault::new(Problem::Internal)
}

#[cfg(test)]
mod tests;
