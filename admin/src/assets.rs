//! Stylesheet, scripts, fonts and icons. They are embedded in the binary. Their names change with their content.

use std::io::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

pub(crate) const ROUTE: &str = "/assets/{file}";

/// One embedded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asset {
    Style,
    App,
    Htmx,
    HtmxSse,
    Player,
    Passkey,
    Icons,
    Geist,
    GeistMono,
    SourceSerif,
}

struct Built {
    asset: Asset,
    /// `/assets/style.3f2a9c41d0b7e852.css`
    url: String,
    mime: &'static str,
    body: Bytes,
    /// The content, compressed once. `None` for fonts, which are compressed already.
    gzip: Option<Bytes>,
}

static BUILT: LazyLock<Vec<Built>> = LazyLock::new(|| {
    const JS: &str = "text/javascript; charset=utf-8";
    let mut built = vec![
        build(Asset::Geist, "geist.woff2", "font/woff2", include_bytes!("../assets/geist.woff2")),
        build(Asset::GeistMono, "geist-mono.woff2", "font/woff2", include_bytes!("../assets/geist-mono.woff2")),
        build(
            Asset::SourceSerif,
            "source-serif-4.woff2",
            "font/woff2",
            include_bytes!("../assets/source-serif-4.woff2"),
        ),
        build(Asset::Icons, "icons.svg", "image/svg+xml", include_bytes!("../assets/icons.svg")),
        build(Asset::Htmx, "htmx-4.0.1.js", JS, include_bytes!("../assets/vendor/htmx-4.0.1.min.js")),
        build(Asset::HtmxSse, "hx-sse-4.0.1.js", JS, include_bytes!("../assets/vendor/hx-sse-4.0.1.min.js")),
        build(Asset::Player, "player.js", JS, include_bytes!("../assets/player.js")),
        build(Asset::Passkey, "passkey.js", JS, include_bytes!("../assets/passkey.js")),
        build(Asset::App, "app.js", JS, include_bytes!("../assets/app.js")),
    ];
    // The stylesheet names the fonts, so its own name must change with theirs.
    let style = ["geist", "geist-mono", "source-serif-4"]
        .iter()
        .zip(0..3)
        .fold(include_str!("../assets/style.css").to_owned(), |css, (name, font)| {
            css.replace(&format!("url(\"{name}.woff2\")"), &format!("url(\"{}\")", built[font].url))
        });
    built.push(build(Asset::Style, "style.css", "text/css; charset=utf-8", style.as_bytes()));
    built
});

fn build(asset: Asset, name: &str, mime: &'static str, body: &[u8]) -> Built {
    let hash = hex::encode(&Sha256::digest(body)[..8]);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let url = format!("/assets/{stem}.{hash}.{extension}");
    let gzip = Some(gzip(body)).filter(|pressed| pressed.len() < body.len());
    Built { asset, url, mime, body: Bytes::copy_from_slice(body), gzip }
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("writing to memory cannot fail").into()
}

/// Returns the path of the file. It changes with the content, so browsers may keep the file forever.
pub(crate) fn url(asset: Asset) -> &'static str {
    BUILT.iter().find(|built| built.asset == asset).map_or("", |built| &built.url)
}

pub(crate) async fn get(Path(file): Path<String>, asked: HeaderMap) -> Response {
    let Some(built) = BUILT.iter().find(|built| built.url.strip_prefix("/assets/") == Some(&file)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [(CONTENT_TYPE, built.mime), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    match &built.gzip {
        None => (headers, built.body.clone()).into_response(),
        Some(_) if !takes_gzip(&asked) => (headers, [(VARY, "accept-encoding")], built.body.clone()).into_response(),
        Some(gzip) => (headers, [(VARY, "accept-encoding"), (CONTENT_ENCODING, "gzip")], gzip.clone()).into_response(),
    }
}

/// Returns whether the browser accepts gzip (a weight of 0 refuses it).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let named = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).and_then(|weight| weight.parse().ok());
        is_gzip && weight.unwrap_or(1.0) > 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_has_an_address_of_its_own() {
        let all = [
            Asset::Style,
            Asset::App,
            Asset::Htmx,
            Asset::HtmxSse,
            Asset::Player,
            Asset::Passkey,
            Asset::Icons,
            Asset::Geist,
            Asset::GeistMono,
            Asset::SourceSerif,
        ];
        let mut urls: Vec<_> = all.into_iter().map(url).collect();
        assert!(urls.iter().all(|url| url.starts_with("/assets/")), "{urls:?}");
        urls.sort_unstable();
        urls.dedup();
        assert_eq!(urls.len(), all.len());
    }

    #[test]
    fn the_stylesheet_names_the_fonts_as_they_are_served() {
        let style = BUILT.iter().find(|built| built.asset == Asset::Style).unwrap();
        let css = std::str::from_utf8(&style.body).unwrap();
        for font in [Asset::Geist, Asset::GeistMono, Asset::SourceSerif] {
            assert!(css.contains(&format!("url(\"{}\")", url(font))), "{font:?}");
        }
    }

    #[test]
    fn what_is_pressed_comes_out_as_it_went_in() {
        for built in BUILT.iter() {
            let is_font = built.mime.starts_with("font/");
            assert_eq!(built.gzip.is_none(), is_font, "{}", built.url);
            let Some(gzip) = &built.gzip else { continue };
            let mut back = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut back).unwrap();
            assert_eq!(back, built.body, "{}", built.url);
        }
    }

    #[tokio::test]
    async fn gzip_is_sent_only_to_those_who_take_it() {
        let file = || Path(url(Asset::Style).strip_prefix("/assets/").unwrap().to_owned());
        for (accepted, is_pressed) in
            [("gzip, deflate, br, zstd", true), ("br;q=1.0, GZIP;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            let asked = HeaderMap::from_iter([(ACCEPT_ENCODING, accepted.parse().unwrap())]);
            let answer = get(file(), asked).await;
            assert_eq!(answer.headers().contains_key(CONTENT_ENCODING), is_pressed, "{accepted}");
            assert_eq!(answer.headers()[VARY], "accept-encoding");
        }
        assert!(!get(file(), HeaderMap::new()).await.headers().contains_key(CONTENT_ENCODING));
    }

    #[test]
    fn the_stylesheet_asks_no_other_server() {
        assert!(!include_str!("../assets/style.css").contains("http"));
    }
}
