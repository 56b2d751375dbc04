//! Two invented members of staff, one a role. Their second factor is real; its secrets lie in the directory of the
//! demonstration, which no deployment may do.

use std::path::Path;

use yinuo_domain::{Clock as _, PersonId, Role, StaffId, Timestamp};
use yinuo_service::{Gateway, SecondFactor, SignInFor, Totp};

use super::{Failure, platform};
use crate::clock::SystemClock;
use crate::keys;
use crate::say::say;

/// Who, and as what. In the demonstration the name is also what the first step asks for.
const STAFF: [(&str, Role); 2] = [("staff-wei", Role::Operator), ("staff-lin", Role::Auditor)];

/// One of them, with the secret of their one-time passwords.
pub(super) struct Member {
    name: &'static str,
    role: Role,
    secret: String,
}

/// Appoints them at the first start, walking the same way as anybody who is appointed.
pub(super) async fn appoint(gateway: &Gateway, dir: &Path) -> Result<Vec<Member>, Failure> {
    let dir = dir.join("staff");
    keys::private_dir(&dir)?;
    let mut members = Vec::new();
    for (name, role) in STAFF {
        let path = dir.join(format!("{name}.totp"));
        if !path.exists() {
            keys::write_private(&path, enrol(gateway, name, role).await?.as_bytes())?;
        }
        members.push(Member { name, role, secret: String::from_utf8(keys::read(&path)?)? });
    }
    Ok(members)
}

async fn enrol(gateway: &Gateway, name: &str, role: Role) -> Result<String, Failure> {
    let (by, staff) = (StaffId::parse(platform::STAFF)?, StaffId::parse(name)?);
    let known = gateway.staff()?.iter().any(|line| line.staff == staff);
    let code = if known {
        gateway.reset_staff_factor(&by, &staff).await?
    } else {
        let identity = PersonId::parse(name)?;
        let code = gateway.appoint_staff(&by, &staff, role, Some(&identity)).await?;
        code.ok_or("an appointment without an enrolment code")?
    };
    let arrival = gateway.choose(SignInFor::Staff, name, None)?;
    let pending = gateway.staff_arrived(&arrival).await?;
    let SecondFactor::SetUp(pending) = gateway.second_factor(pending.as_str(), &code.text()).await? else {
        return Err("an enrolment code was not accepted".into());
    };
    let setup = gateway.staff_pending(pending.as_str())?.and_then(|pending| pending.setup);
    let secret = setup.ok_or("there is nothing to set up")?.secret;
    // The password before the present one, which stays good for whoever signs in right away: each is used once.
    let before = Timestamp(SystemClock::new().now().0.saturating_sub(30 * Timestamp::SECOND_MS));
    let password = Totp::parse(&secret).ok_or("a secret that cannot be read")?.code_at(before);
    match gateway.second_factor(pending.as_str(), &password).await? {
        SecondFactor::Session(_) => Ok(secret),
        SecondFactor::Gone | SecondFactor::Wrong | SecondFactor::Again(_) | SecondFactor::SetUp(_) => {
            Err("a second factor could not be set up".into())
        }
    }
}

/// Where they sign in, and with what.
pub(super) fn tell(members: &[Member], issuer: &str) {
    let now = SystemClock::new().now();
    say(format_args!("  the staff console      {issuer}/console"));
    for Member { name, role, secret } in members {
        let code = Totp::parse(secret).map(|totp| totp.code_at(now)).unwrap_or_default();
        say(format_args!("    {name}  {:<8}  secret {secret}  code now {code}", role.code()));
    }
    say("");
}
