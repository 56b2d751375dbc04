//! Where the browser may be sent back to.

/// Whether `uri` may be a redirect URI: absolute, without a fragment (RFC 6749 §3.1.2), and `https`, or `http` to a
/// loopback address (RFC 8252 §7.3; not `localhost`, §8.3). It is compared byte by byte later, so what could be
/// written in two ways (upper-case or Unicode hosts, user information) is refused here.
pub(crate) fn is_redirect_uri(uri: &str) -> bool {
    let (secure, rest) = match (uri.strip_prefix("https://"), uri.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return false,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some((authority, path)) = rest.split_at_checked(end) else { return false };
    let Some((host, port)) = split_port(authority) else { return false };
    let loopback = matches!(host, "127.0.0.1" | "[::1]");
    (loopback || (secure && is_host_name(host))) && port.is_none_or(is_port) && is_path(path)
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(port) = authority.strip_prefix("[::1]") {
        return match port.strip_prefix(':') {
            Some(port) => Some(("[::1]", Some(port))),
            None if port.is_empty() => Some(("[::1]", None)),
            None => None,
        };
    }
    Some(authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))))
}

pub(crate) fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    host.len() <= 253 && host.contains('.') && host.split('.').all(label)
}

fn is_port(port: &str) -> bool {
    // "080" would be a second way to write 80.
    !port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

/// RFC 3986 §3.3 and §3.4: path and query, whose characters are all ASCII; `#` would begin a fragment.
fn is_path(path: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&b);
    path.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_https_or_loopback_http_without_fragment_is_accepted() {
        for good in [
            "https://partner.example/callback",
            "https://partner.example",
            "https://a-b.partner.example:8443/cb?app=1&x=%20",
            "https://127.0.0.1/cb",
            "http://127.0.0.1:9000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:9000/cb",
            "http://[::1]",
        ] {
            assert!(is_redirect_uri(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "https:///cb",
            "/cb",
            "//partner.example/cb",
            "https:partner.example/cb",
            "HTTPS://partner.example/cb",
            "ftp://partner.example/cb",
            "javascript:alert(1)",
            "http://partner.example/cb",
            "http://localhost:9000/cb",
            "https://localhost/cb",
            "http://127.0.0.1.partner.example/cb",
            "http://127.0.0.1@partner.example/cb",
            "http://127.0.0.2/cb",
            "http://[::1].partner.example/cb",
            "http://[::2]/cb",
            "https://user@partner.example/cb",
            "https://user:pw@partner.example/cb",
            "https://partner.example/cb#done",
            "https://partner.example/cb#",
            "https://partner.example#",
            "https://partner.example:0/cb",
            "https://partner.example:080/cb",
            "https://partner.example:65536/cb",
            "https://partner.example:/cb",
            "https://partner.example:+1/cb",
            "https://Partner.example/cb",
            "https://一诺.example/cb",
            "https://*.partner.example/cb",
            "https://-a.partner.example/cb",
            "https://partner..example/cb",
            "https://partner.example./cb",
            "https://partner.example\\@evil.example/cb",
            "https://partner.example/c b",
            "https://partner.example/\"><script>",
            "https://partner.example/cb\r\nX: y",
            " https://partner.example/cb",
        ] {
            assert!(!is_redirect_uri(bad), "{bad}");
        }
    }
}
