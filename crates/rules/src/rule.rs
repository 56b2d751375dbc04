//! The rules a platform's files are held to: one stable name each, what it is about, what asks for it.

use yinuo_domain::LocalText;

/// How sure we are of what a rule rests on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// The text was read.
    Read,
    /// A standard of the internet, or our own file format.
    Format,
}

impl Standing {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Format => "format",
        }
    }
}

macro_rules! check_rules {
    ($($(#[$doc:meta])* $variant:ident $id:literal $article:literal $standing:ident $zh:literal $en:literal,)*) => {
        /// What one problem in a platform's files is called. The name never changes its meaning.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Rule { $($(#[$doc])* $variant,)* }

        impl Rule {
            /// Every one.
            pub const EVERY: &'static [Self] = &[$(Self::$variant,)*];

            /// Its stable name.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What asks for it. A problem may name another article that fits it more closely.
            pub fn article(self) -> &'static str {
                match self { $(Self::$variant => $article,)* }
            }

            /// Whether that text was read.
            pub fn standing(self) -> Standing {
                match self { $(Self::$variant => Standing::$standing,)* }
            }

            /// What is wrong, in general.
            pub fn title(self) -> LocalText {
                match self {
                    $(Self::$variant => LocalText { zh: $zh.to_owned(), en: $en.to_owned() },)*
                }
            }
        }
    };
}

pub(crate) const FORMAT: &str = "file format";

check_rules! {
    /// A file where none is expected.
    UnexpectedFile "unexpected-file" "file format" Format
        "此处不应有该文件" "this file does not belong here",
    /// `platform.toml` or `purposes.toml` is not there.
    MissingFile "missing-file" "file format" Format
        "缺少必需的文件" "a required file is missing",
    /// Not UTF-8, or far too long.
    UnreadableFile "unreadable-file" "file format" Format
        "文件无法读取" "the file cannot be read",
    /// Not TOML.
    Syntax "syntax" "TOML 1.1" Format
        "TOML 语法错误" "this is not TOML",
    /// A key that no file has.
    UnknownKey "unknown-key" "file format" Format
        "没有这个键" "there is no such key",
    /// A key that must be there is not.
    MissingKey "missing-key" "file format" Format
        "缺少必填的键" "a required key is missing",
    /// A number where a text belongs, and the like.
    WrongType "wrong-type" "file format" Format
        "值的类型不对" "the value is of the wrong type",
    /// A word that is not one of those allowed.
    UnknownWord "unknown-word" "file format" Format
        "没有这个取值" "there is no such word",
    /// An item that is not in the catalogue.
    UnknownItem "unknown-item" "file format" Format
        "目录中没有该信息项" "the catalogue has no such item",
    /// A purpose that `purposes.toml` does not have.
    UnknownPurpose "unknown-purpose" "PIPL Art. 17(1)2" Read
        "没有声明该用途" "there is no such purpose",
    /// A partner without a file.
    UnknownPartner "unknown-partner" "PIPL Art. 23" Read
        "没有该合作方" "there is no such partner",
    /// An id with other characters than ids have.
    Identifier "identifier" "file format" Format
        "标识符格式不对" "this is not an identifier",
    /// The id in a file is not the file's name.
    FileName "file-name" "file format" Format
        "标识符与文件名不一致" "the id and the name of the file differ",
    /// Something is declared more than once.
    DeclaredTwice "declared-twice" "file format" Format
        "重复声明" "this is declared twice",
    /// A text or a list is longer than allowed.
    TooLong "too-long" "file format" Format
        "超出长度限制" "this is longer than allowed",
    /// A text that people are shown is not there in both languages.
    TextIncomplete "text-incomplete" "PIPL Art. 17(1)" Read
        "文字没有同时提供中文和英文" "a text is not there in both languages",
    /// Control characters, or characters that turn the direction of text.
    TextCharacters "text-characters" "PIPL Art. 17(1)" Read
        "文字含有看不见的字符" "a text has characters that cannot be seen",
    /// A contact that reaches nobody.
    Contact "contact" "PIPL Art. 23" Read
        "联系方式格式不对" "this is not a contact",
    /// An address the browser must not be sent back to.
    RedirectUri "redirect-uri" "RFC 6749 §3.1.2" Format
        "回调地址不可用" "the browser cannot be sent back to this address",
    /// A key set that no signature can be checked with.
    KeySet "key-set" "RFC 7517 §4, §5" Format
        "密钥集格式不对" "this is not a set of public keys",
    /// A private or symmetric key in a file that is published.
    PrivateKey "private-key" "RFC 7517 §9.2" Format
        "公开文件中有私钥" "there is a private key in a file that is published",
    /// Called necessary, although the category's basic service works without it.
    NotNecessary "not-necessary" "国信办秘字〔2021〕14号 Art. 5" Read
        "该类应用的基本功能服务不需要此项信息" "the basic service of this category works without this item",
    /// Necessary only under a condition that the app does not say it meets.
    Condition "condition" "国信办秘字〔2021〕14号 Art. 5" Read
        "此项信息只在特定条件下为必要" "this item is necessary only under a condition",
    /// More than one of several alternatives is called necessary.
    Alternatives "alternatives" "国信办秘字〔2021〕14号 Art. 5" Read
        "多个可替代的信息项同时被列为必要" "more than one of several alternatives is called necessary",
    /// Something rides along with the basic function.
    Bundled "bundled-function" "PIPL Art. 16; GB/T 35273-2020 §5.3" Read
        "与基本功能无关的信息被捆绑在基本功能的用途中" "what the basic function does not need is bundled with it",
    /// Scan-to-consume services may not demand a phone number, or anything else they do not need.
    Scan "scan-to-consume" "北京市扫码消费服务违规收集使用消费者个人信息案例解析及合规指引 no. 4" Read
        "扫码消费不得强制索取与服务无关的个人信息" "a scan-to-consume service must not demand what it does not need",
    /// The partner may never receive this item.
    OverCeiling "over-ceiling" "PIPL Art. 6" Read
        "超出该合作方可接收的范围" "this partner may not receive this item",
    /// Marketing and the like on another ground than consent.
    ConsentOnly "consent-only" "PIPL Art. 13" Read
        "此类用途只能以个人同意为依据" "this kind of purpose can rest on consent only",
    /// Sensitive information on the strength of a contract that works without it.
    SensitiveConsent "sensitive-consent" "PIPL Art. 29" Read
        "敏感个人信息需要单独同意" "sensitive information needs consent of its own",
    /// Consent for somebody else.
    OthersInformation "others-information" "PIPL Art. 13" Read
        "用户不能代他人同意" "a user cannot consent for other people",
    /// A sensitive item without its necessity or its effect.
    SensitiveUnexplained "sensitive-unexplained" "PIPL Art. 30" Read
        "没有说明敏感个人信息的必要性和影响" "a sensitive item does not say why it is needed or what it does to the person",
    /// One purpose, two recipients.
    OneRecipient "one-recipient" "PIPL Art. 23" Read
        "一个用途混合了两个接收方" "one purpose lumps two recipients together",
    /// Information would leave mainland China.
    Destination "destination" "PIPL Art. 38" Read
        "尚无出境机制" "nothing is set up for sending information abroad",
    /// No retention.
    Retention "retention" "PIPL Art. 19" Read
        "没有保存期限" "there is no retention",
    /// No frequency.
    Frequency "frequency" "PIPL Art. 6" Read
        "没有频率限制" "there is no limit to how often",
    /// An app without a notice, or a notice without one of its languages.
    NoticeMissing "notice-missing" "PIPL Art. 17(1)" Read
        "缺少告知文本" "there is no notice",
    /// The name of a notice's file, or a gap in the versions.
    NoticeVersion "notice-version" "file format" Format
        "告知文本的版本不连续或文件名不对" "the versions of the notice have a gap, or the file has a wrong name",
    /// Markdown that does more than say something.
    NoticeMarkup "notice-markup" "file format" Format
        "告知文本只能是文字" "a notice is text and nothing else",
    /// A notice that does not say what it must.
    NoticeIncomplete "notice-incomplete" "PIPL Art. 17(1), 23" Read
        "告知文本没有写明必须告知的内容" "the notice does not say what it must",
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_rule_has_its_own_stable_name() {
        let ids: HashSet<_> = Rule::EVERY.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::EVERY.len());
        for id in ids {
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{id}");
        }
    }
}
