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
    for sample in platform::samples(gateway.items(), partner_url, &jwks_of)? {
        if !gateway.knows_partner(&sample.profile.partner) {
            gateway.register_partner(&by, &sample.profile).await?;
        }
        // Another port of the sample partner is another redirect address; the fingerprint stays, and consents with it.
        if gateway.declared(&sample.declaration.app).as_deref() != Some(&sample.declaration) {
            gateway.declare_app(&by, &sample.declaration).await?;
        }
        if gateway.notice_version(&sample.notice.app) < sample.notice.version {
            gateway.publish_notice(&by, &sample.notice).await?;
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
