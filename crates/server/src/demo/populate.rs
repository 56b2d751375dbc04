//! Brings the invented platform and its people in, once.

use std::sync::Arc;

use yinuo_domain::StaffId;
use yinuo_oauth::client::ClientKey;
use yinuo_service::{EnrolError, Gateway};

use super::{Failure, people, platform};

/// True when this was the first start in this directory.
pub(crate) async fn populate(
    gateway: &Arc<Gateway>,
    partner_url: &str,
    keys: &[(&'static str, ClientKey)],
) -> Result<bool, Failure> {
    let by = StaffId::parse(platform::STAFF)?;
    let first = !gateway.engine_is_active();
    if first {
        gateway.activate_engine(&by).await?;
    }
    let jwks_of = |app: &str| keys.iter().find(|(name, _)| *name == app).map(|(_, key)| key.public_jwks());
    let sample = platform::sample(partner_url, &jwks_of)?;
    for profile in &sample.partners {
        if !gateway.knows_partner(&profile.partner) {
            gateway.register_partner(&by, profile).await?;
        }
    }
    for app in &sample.apps {
        // Another port of the sample partner is another redirect address; the fingerprint stays, and consents with
        // it. Whatever else somebody has changed here stays changed.
        let held = gateway.declared(&app.app);
        let mut wanted = held.as_deref().unwrap_or(app).clone();
        wanted.redirect_uris.clone_from(&app.redirect_uris);
        wanted.jwks.clone_from(&app.jwks);
        if held.as_deref() != Some(&wanted) {
            gateway.declare_app(&by, &wanted).await?;
        }
    }
    for notice in &sample.notices {
        if gateway.notice_version(&notice.app) < notice.version {
            gateway.publish_notice(&by, notice).await?;
        }
    }
    let mut enrolling = tokio::task::JoinSet::new();
    for person in people::everybody()? {
        let gateway = gateway.clone();
        enrolling.spawn(async move { gateway.enrol(person).await });
    }
    while let Some(enrolled) = enrolling.join_next().await {
        match enrolled? {
            Ok(()) | Err(EnrolError::AlreadyEnrolled) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(first)
}
