//! Every key of every file: the reader refuses all others, and the reference is made from this table.

use crate::rule::FORMAT;

/// What a key holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holds {
    /// A text.
    Text,
    /// A text in Chinese and in English: `{ zh = "…", en = "…" }`.
    Both,
    /// A whole number.
    Number,
    /// `true` or `false`.
    YesNo,
    /// A list of texts.
    Texts,
    /// A table.
    Table,
    /// A list of tables.
    Tables,
}

impl Holds {
    /// What it is called in messages: Chinese, English.
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("文本", "a text"),
            Self::Both => (
                "中英文文本 { zh = \"…\", en = \"…\" }",
                "a text in both languages, { zh = \"…\", en = \"…\" }",
            ),
            Self::Number => ("整数", "a whole number"),
            Self::YesNo => ("true 或 false", "true or false"),
            Self::Texts => ("文本列表", "a list of texts"),
            Self::Table => ("表", "a table"),
            Self::Tables => ("表的列表", "a list of tables"),
        }
    }
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether it must be there.
    pub required: bool,
    /// What asks for it.
    pub article: &'static str,
    /// What it means: Chinese, English.
    pub meaning: (&'static str, &'static str),
}

/// One table of one sort of file.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// The file, as it is named in the reference.
    pub file: &'static str,
    /// The table inside it; empty for the top.
    pub table: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

const fn must(
    name: &'static str,
    holds: Holds,
    article: &'static str,
    zh: &'static str,
    en: &'static str,
) -> Key {
    Key { name, holds, required: true, article, meaning: (zh, en) }
}

const fn may(
    name: &'static str,
    holds: Holds,
    article: &'static str,
    zh: &'static str,
    en: &'static str,
) -> Key {
    Key { name, holds, required: false, article, meaning: (zh, en) }
}

/// `platform.toml`.
#[rustfmt::skip]
pub const PLATFORM: Keys = Keys { file: "platform.toml", table: "", keys: &[
    must("format",  Holds::Number, FORMAT,            "文件格式的版本，目前为 1", "The version of this file format: 1"),
    must("name",    Holds::Both,   "PIPL Art. 17(1)1", "平台名称", "What the platform is called"),
    must("contact", Holds::Text,   "PIPL Art. 17(1)1", "平台的联系方式：电子邮箱或 https 地址", "How a person reaches the platform: an e-mail address or an https address"),
] };

/// `purposes.toml`.
#[rustfmt::skip]
pub const PURPOSES: Keys = Keys { file: "purposes.toml", table: "", keys: &[
    may("purpose", Holds::Tables, "PIPL Art. 6", "每个用途一个表", "One table for each purpose"),
] };

/// A purpose.
#[rustfmt::skip]
pub const PURPOSE: Keys = Keys { file: "purposes.toml", table: "[[purpose]]", keys: &[
    must("id",     Holds::Text,   FORMAT,              "用途的名称，在平台上唯一：a-z、0-9、-、_", "Its name, unique on the platform: a-z, 0-9, - and _"),
    must("code",   Holds::Number, FORMAT,              "用途的编号，1 至 65535，永不改变、永不复用", "Its number, 1 to 65535; never changed, never used again"),
    must("kind",   Holds::Text,   "GB/T 35273-2020 §5.3", "类别：basic、extended、marketing、personalisation、automated-decision、third-party-sharing", "What sort it is: basic, extended, marketing, personalisation, automated-decision or third-party-sharing"),
    must("basis",  Holds::Text,   "PIPL Art. 13",       "合法依据：consent、contract、statutory-duty、emergency、public-interest、already-public、other-law", "The legal basis: consent, contract, statutory-duty, emergency, public-interest, already-public or other-law"),
    must("title",  Holds::Both,   "PIPL Art. 17(1)2",   "页面上的名称", "What it is called on the pages"),
    must("method", Holds::Both,   "PIPL Art. 17(1)2",   "处理方式：对信息做什么", "How the information is processed: what is done with it"),
] };

/// `partners/<id>.toml`.
#[rustfmt::skip]
pub const PARTNER: Keys = Keys { file: "partners/<id>.toml", table: "", keys: &[
    must("id",      Holds::Text,  FORMAT,        "合作方标识，与文件名一致：a-z、0-9、-", "The partner's id, the same as the file's name: a-z, 0-9 and -"),
    must("name",    Holds::Both,  "PIPL Art. 23", "接收方的名称", "What the recipient is called"),
    must("contact", Holds::Text,  "PIPL Art. 23", "接收方的联系方式：电子邮箱或 https 地址", "How a person reaches the recipient: an e-mail address or an https address"),
    must("ceiling", Holds::Texts, "PIPL Art. 6",  "该合作方最多可以接收的信息项", "The most this partner may ever receive: ids of items"),
] };

/// `apps/<id>.toml`.
#[rustfmt::skip]
pub const APP: Keys = Keys { file: "apps/<id>.toml", table: "", keys: &[
    must("id",            Holds::Text,   FORMAT,               "应用标识，也是 OAuth client_id，与文件名一致", "The app's id, which is also its OAuth client_id; the same as the file's name"),
    must("partner",       Holds::Text,   "PIPL Art. 23",        "所属合作方的标识", "The id of the partner whose app it is"),
    must("name",          Holds::Both,   "PIPL Art. 17(1)1",    "应用名称", "What it is called"),
    must("category",      Holds::Text,   "国信办秘字〔2021〕14号 Art. 5", "39 类之一（见 `yinuo rules show necessary-information`），或 other", "One of the 39 categories (`yinuo rules show necessary-information`), or other"),
    may ("scene",         Holds::Text,   "北京市扫码消费服务违规收集使用消费者个人信息案例解析及合规指引", "扫码消费场景：scan-to-order、scan-to-pay、scan-to-park", "Where people scan a code to consume: scan-to-order, scan-to-pay or scan-to-park"),
    must("redirect_uris", Holds::Texts,  "RFC 6749 §3.1.2",     "浏览器可以返回的地址，逐字节比较", "Where the browser may be sent back to, compared byte by byte"),
    must("keys",          Holds::Tables, "RFC 7517 §5",         "应用的公钥，至少一个；只能是公钥", "The app's public keys, at least one; never a private one"),
    may ("items",         Holds::Tables, "PIPL Art. 17(1)2",    "每项信息、每个用途一个表；没有声明的不能索取", "One table for each item and purpose; what is not declared cannot be asked for"),
] };

/// A public key.
#[rustfmt::skip]
pub const CLIENT_KEY: Keys = Keys { file: "apps/<id>.toml", table: "[[keys]]", keys: &[
    must("kty", Holds::Text, "RFC 7517 §4.1", "EC 或 OKP", "EC or OKP"),
    must("crv", Holds::Text, "RFC 7518 §6.2.1.1; RFC 8037 §2", "EC 用 P-256，OKP 用 Ed25519", "P-256 for EC, Ed25519 for OKP"),
    must("x",   Holds::Text, "RFC 7518 §6.2.1.2; RFC 8037 §2", "坐标或公钥，32 字节，base64url", "The coordinate or public key: 32 bytes in base64url"),
    may ("y",   Holds::Text, "RFC 7518 §6.2.1.3", "EC 的另一个坐标", "The other coordinate, for EC"),
    may ("kid", Holds::Text, "RFC 7517 §4.5", "密钥名称；有多个密钥时必填", "Its name; required when there are several keys"),
    may ("alg", Holds::Text, "RFC 7517 §4.4", "ES256 或 EdDSA", "ES256 or EdDSA"),
    may ("use", Holds::Text, "RFC 7517 §4.2", "只能是 sig", "sig and nothing else"),
] };

/// An item for a purpose.
#[rustfmt::skip]
pub const ITEM: Keys = Keys { file: "apps/<id>.toml", table: "[[items]]", keys: &[
    must("item",           Holds::Text,   "PIPL Art. 17(1)2", "信息项的标识（见 `yinuo rules show items`）", "The id of the item (`yinuo rules show items`)"),
    must("purpose",        Holds::Text,   "PIPL Art. 6",      "唯一的用途", "Its one purpose"),
    must("necessary",      Holds::YesNo,  "国信办秘字〔2021〕14号 Art. 5", "基本功能服务是否缺它不可", "Whether the basic service cannot do without it"),
    may ("condition",      Holds::YesNo,  "国信办秘字〔2021〕14号 Art. 5", "必要性附有条件时，填 true 表示本应用符合该条件", "true where the regulation makes it necessary under a condition, and this app meets it"),
    must("retention_days", Holds::Number, "PIPL Art. 19",     "合作方保存的天数，至少 1", "For how many days the partner keeps it, at least 1"),
    must("frequency",      Holds::Table,  "PIPL Art. 6",      "索取频率的上限", "How often it may be asked for"),
    must("destination",    Holds::Text,   "PIPL Art. 38",     "信息的去向，目前只能是 mainland（境内）", "Where it goes: mainland, as long as nothing is set up for abroad"),
    may ("why",            Holds::Both,   "PIPL Art. 30",     "为什么需要；敏感个人信息必填", "Why it is needed; required for sensitive items"),
    may ("effect",         Holds::Both,   "PIPL Art. 30",     "对个人有什么影响；敏感个人信息必填", "What it does to the person; required for sensitive items"),
] };

/// How often.
#[rustfmt::skip]
pub const FREQUENCY: Keys = Keys { file: "apps/<id>.toml", table: "frequency", keys: &[
    must("count", Holds::Number, "PIPL Art. 6", "次数，至少 1", "How many times, at least 1"),
    must("per",   Holds::Text,   "PIPL Art. 6", "周期：minute、hour、day、week、month（30 天）、year（365 天）", "In which period: minute, hour, day, week, month (30 days) or year (365 days)"),
] };

/// A text in both languages.
#[rustfmt::skip]
pub(crate) const BOTH: Keys = Keys { file: "", table: "{ zh, en }", keys: &[
    must("zh", Holds::Text, "PIPL Art. 17(1)", "中文", "Chinese"),
    must("en", Holds::Text, "PIPL Art. 17(1)", "英文", "English"),
] };

/// Every table of every file, in the order of the reference.
pub const EVERY: &[Keys] = &[PLATFORM, PURPOSES, PURPOSE, PARTNER, APP, CLIENT_KEY, ITEM, FREQUENCY];
