//! Declarations for tests. Everything is invented.

use yinuo_domain::{
    AppId, Category, Declaration, DeclaredItem, DeclaredPurpose, Destination, Frequency, Item, LegalBasis,
    LocalText, PartnerId, Purpose, PurposeId, PurposeKind,
};

pub(crate) fn text(zh: &str, en: &str) -> LocalText {
    LocalText { zh: zh.to_owned(), en: en.to_owned() }
}

pub(crate) fn purpose(code: u16, id: &str, kind: PurposeKind, basis: LegalBasis) -> DeclaredPurpose {
    DeclaredPurpose {
        code: Purpose(code),
        id: PurposeId::parse(id).unwrap(),
        kind,
        basis,
        title: text("送货", "Delivery"),
        method: text("交给快递员", "handed to a courier"),
    }
}

pub(crate) fn line(purpose: u16, item: u8, necessary: bool) -> DeclaredItem {
    DeclaredItem {
        item: Item(item),
        purpose: Purpose(purpose),
        necessary,
        retention_days: 30,
        frequency: Frequency { count: 3, period_s: 86_400 },
        destination: Destination::Mainland,
        reason: text("送货需要", "needed to deliver"),
    }
}

/// An app of `category` that calls `item` necessary, and is otherwise in order.
pub(crate) fn necessary_line(category: Category, item: Item) -> Declaration {
    Declaration {
        app: AppId::parse("bamboo-courier").unwrap(),
        partner: PartnerId::parse("bamboo").unwrap(),
        name: text("竹子快递", "Bamboo Courier"),
        category,
        purposes: vec![purpose(1, "delivery", PurposeKind::Basic, LegalBasis::Contract)],
        items: vec![line(1, item.0, true)],
        redirect_uris: vec!["https://bamboo.example/callback".to_owned()],
        jwks: r#"{"keys":[]}"#.to_owned(),
    }
}

/// A food delivery: the consignee's name, address and phone, an optional e-mail address for offers.
pub(crate) fn courier() -> Declaration {
    let mut offers = purpose(2, "offers", PurposeKind::Marketing, LegalBasis::Consent);
    offers.title = text("优惠信息", "Offers");
    Declaration {
        purposes: vec![purpose(1, "delivery", PurposeKind::Basic, LegalBasis::Contract), offers],
        items: vec![line(1, 0, true), line(1, 9, true), line(1, 10, true), line(2, 14, false)],
        ..necessary_line(Category(7), Item(0))
    }
}
