//! The app's program has the commands for scripts as well, and runs them without a window.

use std::process::{Command, Stdio};

#[test]
fn the_commands_are_in_the_app_and_need_no_display() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snug"));
    let _ = command.args(["rooms", "--server", "127.0.0.1:1"]).stdin(Stdio::null());
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        let _ = command.env_remove(name);
    }
    let output =
        command.env("SNUG_HOME", std::env::temp_dir().join("snug-nobody-was-here")).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Nothing answers at 127.0.0.1:1"), "{output:?}");
}
