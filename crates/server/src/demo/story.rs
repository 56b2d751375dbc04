//! One promise from end to end, told as it happens: consent, release, withdrawal, refusal.

use yinuo_domain::AppId;
use yinuo_oauth::client::pkce_challenge;
use yinuo_oauth::{Opaque, Parameters};
use yinuo_service::{Agreement, DiscloseAsk, DiscloseError, Gateway, Session, Withdrawing};

use super::{Failure, platform};
use crate::say::say;

const VERIFIER: &str = "the-story-of-the-demonstration-needs-no-secret-verifier";
const ITEMS: [&str; 3] = ["name", "delivery_address", "contact_phone"];

/// Walks the thread for two invented people: one keeps the consent, one takes it back.
pub(crate) async fn walk(gateway: &Gateway) -> Result<(), Failure> {
    for (person, withdraws) in [("demo-01", false), ("demo-02", true)] {
        let cookie = gateway.sign_in(person).await?;
        let session = gateway.session(cookie.as_str())?.ok_or("the session just begun is gone")?;
        let app = AppId::parse(platform::COURIER)?;
        let token = consent(gateway, &session, &app).await?;
        say(format_args!(
            "  {person} allowed {} to {app} for delivery, and refused the offers",
            ITEMS.join(", ")
        ));
        let delivered = gateway.disclose(ask(&token)).await?;
        say(format_args!(
            "  {app} received {} items as {} (log {}, entry {}, with its proofs)",
            delivered.items().count(),
            delivered.disclosure,
            delivered.receipt.log,
            delivered.receipt.index
        ));
        drop(delivered);
        if withdraws {
            gateway.withdraw(&session, &app, Withdrawing::Whole).await?;
            say(format_args!("  {person} took it back"));
            match gateway.disclose(ask(&token)).await {
                Err(DiscloseError::Withheld { items, .. }) => {
                    let (_, reason) = items.first().ok_or("a refusal without a reason")?;
                    say(format_args!("  the very next request of {app} was refused: {reason}"));
                }
                Err(error) => return Err(error.into()),
                Ok(_) => return Err("a release after a withdrawal".into()),
            }
        }
        gateway.sign_out(cookie.as_str()).await?;
    }
    say("");
    Ok(())
}

/// Push, look, agree to what the delivery needs and to nothing else, redeem.
async fn consent(gateway: &Gateway, session: &Session, app: &AppId) -> Result<Opaque, Failure> {
    let redirect = gateway.declared(app).and_then(|declared| declared.redirect_uris.first().cloned());
    let redirect = redirect.ok_or("the sample app has no redirect address")?;
    let details = serde_json::json!([
        {"type": "personal_information", "purpose": "delivery", "items": ITEMS},
        {"type": "personal_information", "purpose": "offers", "items": ["email_address"]},
    ]);
    let push = parameters(&[
        ("response_type", "code"),
        ("redirect_uri", &redirect),
        ("code_challenge", &pkce_challenge(VERIFIER)),
        ("code_challenge_method", "S256"),
        ("authorization_details", &details.to_string()),
    ])?;
    let pushed = gateway.push_authorization(app, &push).await?;
    let view = gateway.consent_view(session, app, &pushed.request_uri)?;
    let agreement = Agreement {
        client: app.clone(),
        request_uri: pushed.request_uri,
        choices: ITEMS.iter().map(|item| ("delivery".to_owned(), (*item).to_owned())).collect(),
        shown: view.shown,
        recipient: view.recipient,
        days: view.days_default,
        guardian_agreed: false,
    };
    let back = gateway.agree(session, agreement).await?;
    let code =
        back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).ok_or("no code came back")?;
    let redeem = parameters(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &redirect),
        ("code_verifier", VERIFIER),
    ])?;
    Ok(gateway.token(app, &redeem).await?.access_token)
}

fn ask(token: &Opaque) -> DiscloseAsk {
    let items: Vec<String> = ITEMS.iter().map(|item| (*item).to_owned()).collect();
    let body = serde_json::json!({"purpose": "delivery", "items": items}).to_string().into_bytes();
    DiscloseAsk {
        token: token.clone(),
        purpose: "delivery".to_owned(),
        items,
        partial: false,
        idempotency_key: None,
        body,
    }
}

fn parameters(pairs: &[(&str, &str)]) -> Result<Parameters, Failure> {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Ok(Parameters::from_pairs(pairs)?)
}
