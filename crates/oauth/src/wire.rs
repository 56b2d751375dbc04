//! The words of `domain` as text in JSON. They are parsed on the way in, so what comes out is valid.

macro_rules! as_text {
    ($(#[$doc:meta])* $module:ident: $type:ident) => {
        $(#[$doc])*
        pub(crate) mod $module {
            use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
            use std::borrow::Cow;
            use yinuo_domain::$type;

            pub(crate) fn serialize<S: Serializer>(word: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(word)
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                $type::parse(&text).map_err(|_| D::Error::custom(concat!("not a valid ", stringify!($type))))
            }
        }
    };
}

as_text!(
    /// `client_id`.
    app_id: AppId
);
as_text!(
    /// `sub`.
    tag: Tag
);

/// A token in an answer: the one place where its text is written out.
pub(crate) mod opaque {
    use crate::Opaque;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use zeroize::Zeroizing;

    pub(crate) fn serialize<S: Serializer>(token: &Opaque, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(token.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Opaque, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Opaque::parse(&text).ok_or_else(|| D::Error::custom("not a token"))
    }
}
