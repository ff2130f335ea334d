//! A disk that is full or broken is told, not hidden; reading goes on, and so does writing once it can.

use std::{fs, path::Path, process::Command, time::Duration};

use snug_shared::ErrorCode;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::common::{
    journal::{self, Journal},
    member,
    peer::Peer,
    process::{Around, Process},
    promise::{Promise, amount},
};

const ROOM: &str = "tea";

/// A file system of its own, as large as a few messages.
struct Small(tempfile::TempDir);

impl Small {
    /// `None`: only root can.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "none"]).arg(folder.path());
        let mounted = mount.output().ok()?.status.success();
        mounted.then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_reading_goes_on_and_so_does_writing_once_there_is_space() {
    let promise = Promise::new("full disk", "storage_full, reading goes on, writing again within 5 s");
    let Some(disk) = Small::mount() else {
        return promise.left_out("a small disk needs root");
    };
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![1; 2 << 20]).expect("it fits");
    let server = Process::start(disk.path(), &["--rate-limit", "off"]);
    let mut maya = Peer::join(server.address, ROOM, "maya").await;
    let mut journal = Journal::new("maya");
    let mut kept = 0;
    let (id, text) = loop {
        let (id, text) = (Uuid::now_v7(), format!("{kept} {}", "x".repeat(3_000)));
        journal.meant(id, &text);
        match maya.attempt(&mut journal, id, &text).await {
            Ok(()) => kept += 1,
            Err(code) => {
                assert_eq!(code, ErrorCode::StorageFull);
                break (id, text);
            }
        }
        assert!(kept < 5_000, "4 MiB are full some time");
    };
    // What is there can be read, by those who were here and those who come now.
    let before = member::stored(server.address, ROOM).await;
    assert!(before.entries.len() >= journal.acknowledged() && kept > 20);
    sleep(Duration::from_millis(amount(500, 3_000))).await;
    assert_eq!(maya.attempt(&mut journal, id, &text).await, Err(ErrorCode::StorageFull), "it is full still");
    fs::remove_file(&ballast).expect("removed");
    let freed = Instant::now();
    while let Err(code) = maya.attempt(&mut journal, id, &text).await {
        assert_eq!(code, ErrorCode::StorageFull);
        assert!(freed.elapsed() < Duration::from_secs(30), "never written again; {}", promise.replay());
        sleep(Duration::from_millis(50)).await;
    }
    let took = freed.elapsed();
    let store = member::stored(server.address, ROOM).await;
    journal::assert_kept(&[journal], &store, &promise.replay());
    promise.within(
        took,
        Duration::from_secs(5),
        format!(" until it was written again, {kept} kept before, 0 lost"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_to_write_or_to_sync_acknowledges_nothing_and_loses_nothing() {
    let promise =
        Promise::new("write and sync errors", "0 acknowledged lost, writing again without a restart");
    if Command::new("strace").arg("--version").output().is_err() {
        return promise.left_out("strace is not installed");
    }
    let mut random = promise.random();
    let (mut refusals, mut kept) = (0, 0);
    let kinds = ["fdatasync:error=EIO", "pwrite64:error=EIO", "pwrite64:error=ENOSPC"];
    for fault in kinds.iter().cycle().take(amount(3, 15)) {
        let folder = tempfile::tempdir().expect("a folder");
        drop(Process::start(folder.path(), &[]));
        // A start writes a little as well, and one that fails there is refused.
        let first = 40 + random.below(60);
        let inject = format!("inject={fault}:when={first}..{}", first + 1 + random.below(6));
        let command =
            ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,pwrite64", "-e", &inject];
        let around = Around { command: command.map(str::to_owned).into(), ..Around::default() };
        let mut server = Process::start_under(around, folder.path(), &["--rate-limit", "off"]);
        let mut maya = Peer::join(server.address, ROOM, "maya").await;
        let mut journal = Journal::new("maya");
        for number in 0..60 {
            let said =
                timeout(Duration::from_secs(20), maya.insist(&mut journal, &format!("number {number}")))
                    .await;
            let refused =
                said.unwrap_or_else(|_| panic!("{inject}: it never works again; {}", promise.replay()));
            let honest = |code: &ErrorCode| matches!(code, ErrorCode::Unavailable | ErrorCode::StorageFull);
            assert!(refused.iter().all(honest), "{inject}: {refused:?}");
            refusals += refused.len();
        }
        server.kill();
        let server = Process::start(folder.path(), &[]);
        let store = member::stored(server.address, ROOM).await;
        kept += store.entries.len();
        journal::assert_kept(&[journal], &store, &format!("{} ({inject})", promise.replay()));
    }
    assert!(refusals > 0, "something failed");
    promise.kept(format!("{refusals} refusals told, {kept} kept, 0 lost"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_that_is_used_up_is_told_as_a_full_disk() {
    let promise = Promise::new("quota used up", "storage_full");
    if Command::new("strace").arg("--version").output().is_err() {
        return promise.left_out("strace is not installed");
    }
    let folder = tempfile::tempdir().expect("a folder");
    drop(Process::start(folder.path(), &[]));
    let inject = "inject=pwrite64:error=EDQUOT:when=150+";
    let command = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", inject];
    let around = Around { command: command.map(str::to_owned).into(), ..Around::default() };
    let server = Process::start_under(around, folder.path(), &["--rate-limit", "off"]);
    let mut maya = Peer::join(server.address, ROOM, "maya").await;
    let mut journal = Journal::new("maya");
    let mut kept = 0;
    let refused = loop {
        let id = Uuid::now_v7();
        let text = format!("number {kept}");
        journal.meant(id, &text);
        match maya.attempt(&mut journal, id, &text).await {
            Ok(()) => kept += 1,
            Err(code) => break code,
        }
        assert!(kept < 500, "no write failed");
    };
    assert_eq!(refused, ErrorCode::StorageFull);
    promise.kept(format!("storage_full after {kept}"));
}
