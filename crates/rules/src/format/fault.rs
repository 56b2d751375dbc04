//! What can be wrong with a value.

use std::fmt;

use yinuo_domain::LocalText;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident $code:literal $zh:literal $en:literal,)*) => {
        /// What is wrong with a value, and how to mend it. It never repeats the value.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum FormatFault { $($(#[$doc])* $variant,)* }

        impl FormatFault {
            /// Every one.
            pub const EVERY: &'static [Self] = &[$(Self::$variant,)*];

            /// The one word for it.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What is wrong and how to mend it, in Chinese.
            pub fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }

            /// What is wrong and how to mend it, in English.
            pub fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }
    };
}

#[rustfmt::skip]
faults! {
    /// Nothing, or only white space.
    Empty "empty" "没有内容；没有这一项时请留空整列，不要填写空格" "there is no value; leave the field empty when there is none",
    /// More than can be kept.
    TooLong "too-long" "超过 64 KiB；请缩短或不要提供这一项" "longer than 64 KiB; shorten it or leave it out",
    /// A control character.
    ControlCharacter "control-character" "含有控制字符；请检查文件编码并删除不可见字符" "holds a control character; check the file's encoding and remove what cannot be seen",
    /// Not in the form of its kind at all.
    Shape "shape" "与这一项的格式不符；请对照导入说明中的示例" "does not have the form of this item; compare the examples in the import guide",
    /// A character that does not belong there.
    Character "character" "含有不该出现的字符；只能使用这一格式允许的字母、数字和符号" "holds a character that does not belong there; use only those of the format",
    /// Too few or too many digits or characters.
    Length "length" "位数不对；请补全或删去多余的位" "has the wrong number of digits or characters; complete it or remove what is too much",
    /// The last digit does not fit the others.
    CheckDigit "check-digit" "校验位不对，通常是抄错了一位；请对照原件" "the check digit does not fit: most often one digit was copied wrong; compare the original",
    /// No such day.
    NoSuchDay "no-such-day" "日期不存在；请写成 2001-02-03 的形式" "there is no such day; write it like 2001-02-03",
    /// After today.
    Future "future" "日期在今天之后；请检查年份" "the day is after today; check the year",
    /// Before 1900.
    TooEarly "too-early" "日期早于 1900 年；请检查年份" "the day is before 1900; check the year",
    /// No such time of day.
    NoSuchTime "no-such-time" "时间不对；请写成 2001-02-03T04:05:06+08:00 的形式" "there is no such time; write it like 2001-02-03T04:05:06+08:00",
    /// Not a region of the standard.
    Region "region" "开头的地区代码不存在；请对照原件的前两位" "begins with no region's code; compare the first two digits with the original",
    /// A first-generation identity number.
    OldIdentityNumber "old-identity-number" "15 位的旧身份证号码已停止使用；请提供 18 位号码" "identity numbers of 15 digits are no longer in use; give the one of 18 digits",
    /// Not one of mainland China.
    NotMobile "not-mobile" "不是内地手机号码；应为 1 开头的 11 位数字，第二位是 3 到 9" "is no mobile number of mainland China; it has 11 digits, a 1 first and 3 to 9 next",
    /// Neither national nor international.
    NotPhone "not-phone" "不是电话号码；境外号码请以 + 和国家代码开头" "is no phone number; begin one from abroad with + and its country's code",
    /// No `@`, or more than one.
    NotEmail "not-email" "不是电子邮件地址；应有一个 @，前后都有内容" "is no e-mail address; it has one @ with something before and after it",
    /// Characters outside ASCII.
    InternationalEmail "international-email" "暂不支持含中文等字符的电子邮件地址；请提供同一邮箱的英文地址" "addresses with characters outside ASCII are not supported yet; give the mailbox's ASCII address",
    /// A domain that cannot be.
    EmailDomain "email-domain" "@ 之后的域名不对；请检查拼写" "the domain after the @ cannot be; check its spelling",
    /// More than the standard allows.
    EmailLength "email-length" "电子邮件地址过长；@ 之前最多 64 个字符，全长最多 254 个" "is too long for an e-mail address; at most 64 characters before the @ and 254 in all",
    /// The issuer's cards have another length.
    CardLength "card-length" "位数与发卡机构不符；请补全卡号" "does not have the length of its issuer's cards; give the whole number",
    /// Outside what it can be.
    Range "range" "数值超出范围；请检查单位和位数" "is out of range; check its unit and its digits",
    /// Not a number.
    NotNumber "not-number" "不是数字；只写数字，不要写单位" "is no number; write digits without a unit",
    /// Latitude and longitude the other way round.
    Swapped "swapped" "纬度超出范围；请先写纬度，再写经度" "the latitude is out of range; write the latitude first, then the longitude",
    /// A word nobody knows.
    UnknownWord "unknown-word" "不认识的词；请使用 男、女、未知、未说明，或 GB/T 2261.1 的代码" "an unknown word; use male, female, unknown, unspecified or a code of GB/T 2261.1",
    /// A value that says that there is none.
    Placeholder "placeholder" "全为零，表示没有这一标识；请留空" "is all zeroes, which means that there is none; leave it empty",
    /// No issuing place of plates.
    PlatePlace "plate-place" "车牌的省份简称或发牌机关代号不对；请对照行驶证" "begins with no place that issues plates; compare the vehicle licence",
}

impl FormatFault {
    /// What is wrong and how to mend it, in both languages.
    pub fn text(self) -> LocalText {
        LocalText { zh: self.zh().to_owned(), en: self.en().to_owned() }
    }
}

impl fmt::Display for FormatFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.en())
    }
}

impl std::error::Error for FormatFault {}
