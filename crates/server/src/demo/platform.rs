//! The invented platform: three partners, three apps, and what people are told.

use yinuo_domain::{
    AppId, Category, Declaration, DeclaredItem, DeclaredPurpose, Destination, Frequency, Item, ItemSet,
    LegalBasis, LocalText, Notice, PartnerId, PartnerProfile, Purpose, PurposeId, PurposeKind,
};
use yinuo_rules::Catalogue;

/// One partner with its app and its notice.
pub(crate) struct Sample {
    pub(crate) profile: PartnerProfile,
    pub(crate) declaration: Declaration,
    pub(crate) notice: Notice,
}

/// Something in the invented platform is not what the catalogue or the alphabet of ids allows.
#[derive(Debug, thiserror::Error)]
#[error("the demonstration's data do not fit: {0}")]
pub(crate) struct Misfit(String);

impl From<yinuo_domain::InvalidId> for Misfit {
    fn from(error: yinuo_domain::InvalidId) -> Self {
        Self(error.to_string())
    }
}

pub(crate) const COURIER: &str = "sample-courier";
pub(crate) const RESTAURANT: &str = "sample-restaurant";
pub(crate) const VIDEO: &str = "sample-video";
pub(crate) const APPS: [&str; 3] = [COURIER, RESTAURANT, VIDEO];

/// Who says so in the facts.
pub(crate) const STAFF: &str = "demonstration";

/// All three. `partner_url` is where the sample partner serves; `jwks_of` gives an app's public keys.
pub(crate) fn samples(
    catalogue: &Catalogue,
    partner_url: &str,
    jwks_of: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Sample>, Misfit> {
    let both = [courier(catalogue)?, restaurant()?, video(catalogue)?];
    both.into_iter()
        .map(|mut sample| {
            let app = sample.declaration.app.as_str().to_owned();
            sample.declaration.redirect_uris = vec![format!("{partner_url}/{app}/back")];
            sample.declaration.jwks = jwks_of(&app).ok_or_else(|| Misfit(format!("no key for {app}")))?;
            Ok(sample)
        })
        .collect()
}

fn text(zh: &str, en: &str) -> LocalText {
    LocalText { zh: zh.to_owned(), en: en.to_owned() }
}

fn item(catalogue: &Catalogue, id: &str) -> Result<Item, Misfit> {
    catalogue.by_id(id).map(|entry| entry.item).ok_or_else(|| Misfit(format!("no item {id}")))
}

fn purpose(
    code: u16,
    id: &str,
    kind: PurposeKind,
    title: LocalText,
    method: LocalText,
) -> Result<DeclaredPurpose, Misfit> {
    Ok(DeclaredPurpose {
        code: Purpose(code),
        id: PurposeId::parse(id)?,
        kind,
        basis: LegalBasis::Consent,
        title,
        method,
    })
}

fn line(item: Item, purpose: u16, necessary: bool, retention_days: u32, reason: LocalText) -> DeclaredItem {
    DeclaredItem {
        item,
        purpose: Purpose(purpose),
        necessary,
        retention_days,
        frequency: Frequency { count: 1000, period_s: 86_400 },
        destination: Destination::Mainland,
        reason,
    }
}

fn profile(id: &str, name: LocalText, ceiling: ItemSet) -> Result<PartnerProfile, Misfit> {
    Ok(PartnerProfile {
        partner: PartnerId::parse(id)?,
        name,
        contact: format!("privacy@{id}.example"),
        ceiling,
    })
}

fn courier(catalogue: &Catalogue) -> Result<Sample, Misfit> {
    let item = |id| item(catalogue, id);
    let items = vec![
        line(
            item("name")?,
            1,
            true,
            30,
            text(
                "写在运单上，快递员凭此核对收件人。",
                "Printed on the waybill, so that the courier hands the parcel to the right person.",
            ),
        ),
        line(
            item("delivery_address")?,
            1,
            true,
            30,
            text("用于把包裹送到您选择的地址。", "The parcel is taken to the address you chose."),
        ),
        line(
            item("contact_phone")?,
            1,
            true,
            30,
            text("仅在送件遇到问题时联系您。", "You are called only when something goes wrong on the way."),
        ),
        line(
            item("email_address")?,
            2,
            false,
            180,
            text(
                "用于发送优惠；不同意不影响寄件。",
                "Offers are sent to it. Saying no changes nothing about your parcel.",
            ),
        ),
        line(
            item("phone_number")?,
            2,
            false,
            180,
            text(
                "用于短信优惠；不同意不影响寄件。",
                "Offers are sent by text message. Saying no changes nothing about your parcel.",
            ),
        ),
    ];
    let app = AppId::parse(COURIER)?;
    Ok(Sample {
        profile: profile(
            "sample-courier-company",
            text("示例快递公司", "Sample Courier Company"),
            items.iter().map(|line| line.item).collect(),
        )?,
        notice: Notice {
            app: app.clone(),
            version: 1,
            text: text(include_str!("notices/courier.zh.md"), include_str!("notices/courier.en.md")),
        },
        declaration: Declaration {
            partner: PartnerId::parse("sample-courier-company")?,
            name: text("示例快递", "Sample Courier"),
            category: Category(8),
            purposes: vec![
                purpose(
                    1,
                    "delivery",
                    PurposeKind::Basic,
                    text("寄送包裹", "Delivering your parcel"),
                    text("读取一次，写入这一单的运单。", "Read once and written on this parcel's waybill."),
                )?,
                purpose(
                    2,
                    "offers",
                    PurposeKind::Marketing,
                    text("发送优惠信息", "Sending you offers"),
                    text(
                        "存入优惠名单，每月最多发送两次。",
                        "Kept on a mailing list; at most two messages a month.",
                    ),
                )?,
            ],
            items,
            redirect_uris: Vec::new(),
            jwks: String::new(),
            app,
        },
    })
}

/// Scanning a code to order needs no personal information at all, so this app declares none.
fn restaurant() -> Result<Sample, Misfit> {
    let app = AppId::parse(RESTAURANT)?;
    Ok(Sample {
        profile: profile(
            "sample-restaurant-company",
            text("示例餐饮公司", "Sample Restaurant Company"),
            ItemSet::EMPTY,
        )?,
        notice: Notice {
            app: app.clone(),
            version: 1,
            text: text(include_str!("notices/restaurant.zh.md"), include_str!("notices/restaurant.en.md")),
        },
        declaration: Declaration {
            partner: PartnerId::parse("sample-restaurant-company")?,
            name: text("示例餐厅扫码点餐", "Sample Restaurant, scan to order"),
            category: Category(0),
            purposes: Vec::new(),
            items: Vec::new(),
            redirect_uris: Vec::new(),
            jwks: String::new(),
            app,
        },
    })
}

/// Online video is one of the thirteen categories without necessary information: everything here is optional.
fn video(catalogue: &Catalogue) -> Result<Sample, Misfit> {
    let app = AppId::parse(VIDEO)?;
    let nickname = item(catalogue, "nickname")?;
    Ok(Sample {
        profile: profile(
            "sample-video-company",
            text("示例视频公司", "Sample Video Company"),
            ItemSet::from_iter([nickname]),
        )?,
        notice: Notice {
            app: app.clone(),
            version: 1,
            text: text(include_str!("notices/video.zh.md"), include_str!("notices/video.en.md")),
        },
        declaration: Declaration {
            partner: PartnerId::parse("sample-video-company")?,
            name: text("示例视频", "Sample Video"),
            category: Category(28),
            purposes: vec![purpose(
                3,
                "greeting",
                PurposeKind::Personalisation,
                text("以昵称称呼您", "Greeting you by a nickname"),
                text("显示在您自己的页面上。", "Shown on your own page."),
            )?],
            items: vec![line(
                nickname,
                3,
                false,
                90,
                text(
                    "仅用于页面上的称呼；不同意也能观看全部视频。",
                    "Only to greet you. Without it you can still watch everything.",
                ),
            )],
            redirect_uris: Vec::new(),
            jwks: String::new(),
            app,
        },
    })
}
