//! The partner's side of the protocol: PAR, PKCE, `private_key_jwt`, RAR, disclosures, receipts.

use std::collections::HashMap;
use std::path::Path;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use yinuo_domain::{AppId, Clock as _, Random};
use yinuo_oauth::client::{ClientKey, pkce_challenge, pkce_verifier};
use yinuo_tlog::{Algorithm, Proof, VerifierKey};

use crate::clock::SystemClock;
use crate::demo::SAMPLE_APPS;
use crate::random::OsRandom;

use super::wants::{details_of, wanted_of};

/// The sample apps and what they share.
pub(crate) struct Apps {
    issuer: String,
    own: String,
    http: reqwest::Client,
    clock: SystemClock,
    keys: HashMap<String, ClientKey>,
    log_keys: Vec<VerifierKey>,
}

/// A pushed request.
pub(crate) struct Pushed {
    pub(crate) state: String,
    pub(crate) verifier: String,
    /// Where to send the browser.
    pub(crate) authorize: String,
}

/// What an app was given for a code.
#[derive(Clone, Deserialize)]
pub(crate) struct Tokens {
    access_token: String,
    authorization_details: Value,
}

/// What became of an ask.
pub(crate) enum Asked {
    /// The items, and what the checked receipt says.
    Given { items: Vec<(String, String)>, disclosure: String, receipt: String },
    /// Why not: the problem's title, its remedy, and each item's reason.
    Refused { title: String, remedy: String, items: Vec<(String, String)> },
}

/// Why the partner could not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("this partner has no such app")]
    NoApp,
    #[error("the platform could not be reached")]
    Http(#[from] reqwest::Error),
    #[error("the platform answered {status}: {body}")]
    Status { status: u16, body: String },
    #[error("{0}")]
    Answer(&'static str),
    #[error("the app's key cannot be used")]
    Key,
    #[error("cannot read the app's key")]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Random(#[from] yinuo_domain::RandomFailed),
    #[error("the receipt does not prove that this release was recorded; what came with it is not used")]
    Receipt,
}

/// Text nobody can guess.
pub(crate) fn unguessable() -> Result<String, Failed> {
    let random: &dyn Random = &OsRandom;
    Ok(pkce_verifier(random)?)
}

impl Apps {
    /// Reads every app's key.
    pub(crate) fn load(
        dir: &Path,
        issuer: &str,
        own: &str,
        log_keys: Vec<VerifierKey>,
    ) -> Result<Self, Failed> {
        let mut keys = HashMap::new();
        for app in SAMPLE_APPS {
            let text = std::fs::read_to_string(dir.join(format!("{app}.jwk")))?;
            keys.insert(app.to_owned(), ClientKey::from_private_jwk(&text).map_err(|_| Failed::Key)?);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            own: own.to_owned(),
            http: reqwest::Client::builder().no_proxy().build()?,
            clock: SystemClock::new(),
            keys,
            log_keys,
        })
    }

    /// Pushes what `app` wants to ask for.
    pub(crate) async fn push(&self, app: &str) -> Result<Pushed, Failed> {
        let details = details_of(app).ok_or(Failed::NoApp)?;
        let (state, verifier) = (unguessable()?, unguessable()?);
        let mut form = self.authenticated(app)?;
        form.extend([
            ("response_type", "code".to_owned()),
            ("client_id", app.to_owned()),
            ("redirect_uri", format!("{}/{app}/back", self.own)),
            ("state", state.clone()),
            ("code_challenge", pkce_challenge(&verifier)),
            ("code_challenge_method", "S256".to_owned()),
            ("authorization_details", details.to_string()),
        ]);
        let pushed: Value = self.post("/oauth/par", &form).await?;
        let uri = pushed.get("request_uri").and_then(Value::as_str);
        let uri = uri.ok_or(Failed::Answer("the platform named no request_uri"))?;
        let authorize = format!("{}/oauth/authorize?client_id={app}&request_uri={uri}", self.issuer);
        Ok(Pushed { state, verifier, authorize })
    }

    /// Redeems the code that came back.
    pub(crate) async fn redeem(
        &self,
        app: &str,
        answer: &HashMap<String, String>,
        verifier: &str,
    ) -> Result<Tokens, Failed> {
        // RFC 9207: an answer of another issuer is not ours to redeem.
        if answer.get("iss") != Some(&self.issuer) {
            return Err(Failed::Answer("the answer is not from our platform"));
        }
        let code = answer.get("code").ok_or(Failed::Answer("no code came back"))?;
        let mut form = self.authenticated(app)?;
        form.extend([
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.clone()),
            ("redirect_uri", format!("{}/{app}/back", self.own)),
            ("code_verifier", verifier.to_owned()),
        ]);
        let tokens = self.post("/oauth/token", &form).await?;
        serde_json::from_value(tokens).map_err(|_| Failed::Answer("the token answer cannot be read"))
    }

    /// Asks for what was allowed, and checks the receipt before anything of it is used.
    pub(crate) async fn ask(&self, app: &str, tokens: &Tokens) -> Result<Asked, Failed> {
        let (purpose, items) = wanted_of(app, &tokens.authorization_details).ok_or(Failed::NoApp)?;
        let response = self
            .http
            .post(format!("{}/v1/disclosures", self.issuer))
            .bearer_auth(&tokens.access_token)
            .header("Idempotency-Key", unguessable()?)
            .json(&json!({"purpose": purpose, "items": items}))
            .send()
            .await?;
        let status = response.status().as_u16();
        let body: Value = response.json().await?;
        let word =
            |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let pairs = |of: Option<&Value>| -> Vec<(String, String)> {
            let members = of.and_then(Value::as_object);
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            members.into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
        };
        if status == 200 {
            let receipt = body.get("receipt").ok_or(Failed::Receipt)?;
            let proven = self.check(receipt)?;
            return Ok(Asked::Given {
                items: pairs(body.get("items")),
                disclosure: word(&body, "disclosure"),
                receipt: proven,
            });
        }
        Ok(Asked::Refused {
            title: word(&body, "title"),
            remedy: word(&body, "remedy"),
            items: pairs(body.get("items")),
        })
    }

    /// Every proof in a receipt must hold; one must be there.
    fn check(&self, receipt: &Value) -> Result<String, Failed> {
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
        let leaf = text(receipt, "leaf")
            .and_then(|leaf| BASE64_STANDARD.decode(leaf).ok())
            .ok_or(Failed::Receipt)?;
        let proofs = receipt.get("proofs").ok_or(Failed::Receipt)?;
        let log = text(receipt, "log").ok_or(Failed::Receipt)?;
        let mut held = Vec::new();
        for (name, algorithm) in [("sha256", Algorithm::Sha256), ("sm3", Algorithm::Sm3)] {
            let Some(proof) = text(proofs, name) else { continue };
            let proof = Proof::parse(&proof).map_err(|_| Failed::Receipt)?;
            let holds = self.log_keys.iter().any(|key| {
                let of_this_log = key.name().contains(&format!("/log/{log}"));
                of_this_log && proof.verify(&leaf, algorithm, key, key.name()).is_ok()
            });
            if !holds {
                return Err(Failed::Receipt);
            }
            held.push(name);
        }
        let index = receipt.get("index").and_then(Value::as_u64).ok_or(Failed::Receipt)?;
        if held.is_empty() {
            Err(Failed::Receipt)
        } else {
            Ok(format!("{log} #{index} ({})", held.join(", ")))
        }
    }

    /// `private_key_jwt` (RFC 7523 §2.2), a new one for each request.
    fn authenticated(&self, app: &str) -> Result<Vec<(&'static str, String)>, Failed> {
        let key = self.keys.get(app).ok_or(Failed::NoApp)?;
        let id = AppId::parse(app).map_err(|_| Failed::NoApp)?;
        let assertion = key.assertion(&id, &self.issuer, &unguessable()?, self.clock.now());
        Ok(vec![
            ("client_assertion_type", yinuo_oauth::CLIENT_ASSERTION_TYPE.to_owned()),
            ("client_assertion", assertion.map_err(|_| Failed::Key)?),
        ])
    }

    async fn post(&self, path: &str, form: &[(&'static str, String)]) -> Result<Value, Failed> {
        let response = self.http.post(format!("{}{path}", self.issuer)).form(form).send().await?;
        let status = response.status().as_u16();
        if 300 <= status {
            return Err(Failed::Status { status, body: response.text().await? });
        }
        Ok(response.json().await?)
    }
}
