//! The app for people without internet: `GET /get`, and the programs behind it.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

use common::http::TestServer;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use snug_server::Config;
use tempfile::TempDir;

const NAME: &str = "snug-x86_64-linux";

/// A server that passes on one program, besides what it must not pass on.
async fn passing_on(program: &str) -> (TestServer, TempDir) {
    let outer = TempDir::new().unwrap();
    std::fs::write(outer.path().join("beside"), "no").unwrap();
    let folder = outer.path().join("programs");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join(NAME), program).unwrap();
    std::fs::write(folder.join(".secret"), "no").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", folder.join("linked")).unwrap();
    let config = Config { programs: Some(folder), name: "The lab".into(), ..Config::default() };
    (TestServer::start(config).await, outer)
}

/// Bytes without a pattern that a lost piece would leave as it was.
fn large() -> String {
    (0..200_000).map(|number| format!("{number:06}")).collect()
}

#[tokio::test]
async fn the_page_names_each_program_with_its_size_its_digest_and_the_invite() {
    let program = large();
    let (server, _folder) = passing_on(&program).await;
    let page = server.get("/get?room=tea").await;
    assert_eq!(page.status, 200);
    let text = &page.body;
    let digest = HEXLOWER.encode(&Sha256::digest(&program));
    for part in [NAME, "Linux, x86-64", "1.2 MB", &digest, "The lab", "/chat/tea/", &format!("get/{NAME}")] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for other in ["linked", ".secret", "<script"] {
        assert!(!text.contains(other), "{other} in {text}");
    }
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self'"));
}

#[tokio::test]
async fn a_program_arrives_byte_for_byte_and_in_parts() {
    let program = large();
    let (server, _folder) = passing_on(&program).await;
    let path = format!("/get/{NAME}");
    let whole = server.get(&path).await;
    assert_eq!((whole.status, whole.body.len()), (200, program.len()));
    assert!(whole.body == program, "byte for byte");
    assert_eq!(
        whole.header("content-disposition"),
        Some(format!("attachment; filename=\"{NAME}\"").as_str())
    );
    let tag = whole.header("etag").unwrap().to_owned();

    let ask = |range: &'static str, tag: String| {
        let (line, server) = (format!("GET {path}"), &server);
        async move { server.request(&line, &[("Range", range), ("If-Range", &tag)], "").await }
    };
    let part = ask("bytes=100-199999", tag.clone()).await;
    assert_eq!((part.status, part.header("content-range")), (206, Some("bytes 100-199999/1200000")));
    assert!(part.body == program[100..200_000]);
    let behind = ask("bytes=1200000-", tag).await;
    assert_eq!((behind.status, behind.header("content-range")), (416, Some("bytes */1200000")));
    let another = ask("bytes=100-199", "\"of another file\"".into()).await;
    assert_eq!((another.status, another.body.len()), (200, program.len()));
}

#[tokio::test]
async fn only_what_is_listed_is_given_out() {
    let (server, folder) = passing_on("a program").await;
    for path in [
        "/get/.secret",
        "/get/linked",
        "/get/..",
        "/get/%2fetc%2fpasswd",
        "/get/",
        "/get/..%2fbeside",
        "/get/a/b",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    std::fs::remove_file(folder.path().join("programs").join(NAME)).unwrap();
    assert_eq!(server.get(&format!("/get/{NAME}")).await.status, 404);
    let page = server.get("/get").await.body;
    assert!(page.contains("no programs to pass on"), "{page}");
}

#[tokio::test]
async fn one_address_takes_two_at_once_and_a_third_when_one_is_through() {
    // More than the system holds for a reader that takes nothing.
    let program = "7".repeat(64 << 20);
    let (server, _folder) = passing_on(&program).await;
    let line = format!("GET /get/{NAME}");
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut raw = server.connect().await;
        raw.request(&line, &[], "").await;
        let mut begun = [0; 12];
        let _ = tokio::io::AsyncReadExt::read_exact(&mut raw.stream, &mut begun).await.unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200");
        held.push(raw);
    }
    let third = server.get(&format!("/get/{NAME}")).await;
    assert_eq!(third.refusal(), (503, "unavailable".to_owned()));
    assert!(third.header("retry-after").is_some());
    drop(held);
    // The server notices by writing that nobody reads on.
    while server.request(&line, &[("Range", "bytes=0-9")], "").await.status != 206 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
