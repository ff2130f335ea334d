//! Where settings come from, which one wins, and what is said when one is wrong.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use snug_server::config::{Config, ConfigError, Layer, LogFormat, Options, Tls, file};
use snug_shared::Durability;
use tempfile::TempDir;

/// Loads a file's settings under some flags.
fn load(text: &str, flags: &[&str]) -> Result<Config, ConfigError> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("snug.toml");
    fs::write(&file, text).unwrap();
    let arguments = ["snug-server", "--config", file.to_str().unwrap()];
    let options = Options::try_from(arguments.iter().chain(flags)).unwrap();
    options.load().map(|loaded| loaded.config)
}

/// What is said of a wrong file, without the folder's name.
fn refusal(text: &str) -> String {
    match load(text, &[]).unwrap_err() {
        ConfigError::Line { file, line, message } => {
            format!("{}:{line}: {message}", file.file_name().unwrap().to_string_lossy())
        }
        other => other.to_string(),
    }
}

#[test]
fn every_setting_can_be_given_in_a_file() {
    let config = load(
        r#"
            listen = "127.0.0.1:9000"
            data-dir = "/srv/snug"
            name = "The lab"
            announce = "off"
            durability = "none"
            rate-limit = "off"
            layer = "memory"
            tls = "off"
            allow-origin = ["https://Chat.example:443/", "http://lab:8080"]
            allow-host = ["chat.example"]
            trusted-proxy = ["10.0.0.0/8", "::1"]
            base-path = "/snug/"
            max-connections = 10
            max-connections-per-address = 9
            max-handshakes-per-address = 8
            max-members = 7
            handshake-timeout = 3
            log = "debug"
            log-format = "json"
        "#,
        &[],
    )
    .unwrap();
    let expected = Config {
        listen: "127.0.0.1:9000".parse().unwrap(),
        data_dir: "/srv/snug".into(),
        name: "The lab".to_owned(),
        announce: false,
        durability: Durability::None,
        rate_limit: false,
        layer: Layer::Memory,
        tls: Tls::Off,
        allow_origin: vec!["https://chat.example".parse().unwrap(), "http://lab:8080".parse().unwrap()],
        allow_host: vec!["chat.example".parse().unwrap()],
        trusted_proxy: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
        base_path: "/snug".parse().unwrap(),
        max_connections: 10,
        max_connections_per_address: 9,
        max_handshakes_per_address: 8,
        max_members: 7,
        handshake_timeout: Duration::from_secs(3),
        log: "debug".to_owned(),
        log_format: LogFormat::Json,
        ..Config::default()
    };
    assert_eq!(config, expected);
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let config = load("max-members = 7\nname = \"file\"", &["--name", "flag"]).unwrap();
    assert_eq!((config.name.as_str(), config.max_members), ("flag", 7));
    assert_eq!(config.max_connections, Config::default().max_connections);
}

#[test]
fn every_setting_is_a_flag_under_the_same_name() {
    for line in file::print(&Config::default()).unwrap().lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.split_once(" = ") else { continue };
        let flag = format!("--{name}={}", value.trim_matches('"'));
        if value != "[]" {
            assert!(Options::try_from(["snug-server", &flag]).is_ok(), "{flag}");
        }
    }
}

#[test]
fn printed_settings_load_again_as_they_were() {
    let config = Config {
        listen: "[::]:0".parse().unwrap(),
        data_dir: r#"C:\Users\Jörg "J" Müller\snug"#.into(),
        name: "Küche\t☕".replace('\t', " "),
        durability: Durability::None,
        rate_limit: false,
        allow_origin: vec!["https://chat.example".parse().unwrap()],
        allow_host: vec!["chat.example".parse().unwrap(), "lab".parse().unwrap()],
        trusted_proxy: vec!["192.168.1.5".parse().unwrap(), "fd00::/8".parse().unwrap()],
        base_path: "/chat/of/ours".parse().unwrap(),
        max_connections: 1,
        handshake_timeout: Duration::from_secs(2),
        log: "snug_server=debug,warn".to_owned(),
        ..Config::default()
    };
    let printed = file::print(&config).unwrap();
    assert_eq!(load(&printed, &[]).unwrap(), config, "{printed}");
    assert_eq!(load(&file::print(&Config::default()).unwrap(), &[]).unwrap(), Config::default());
}

#[test]
fn every_printed_setting_says_what_it_is_for() {
    let printed = file::print(&Config::default()).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    let settings = lines.windows(2).filter(|pair| pair[1].contains(" = ")).map(|pair| pair[0]);
    let comments: Vec<&str> = settings.collect();
    assert!(comments.len() >= 17, "{printed}");
    assert!(comments.iter().all(|comment| comment.starts_with("# ") && comment.len() > 10), "{printed}");
}

#[test]
fn an_unknown_setting_is_refused_with_its_line_and_the_nearest_name() {
    for (text, said) in [
        (
            "name = \"lab\"\n\nmax-conections = 3\n",
            "snug.toml:3: there is no setting “max-conections”; did you mean “max-connections”?",
        ),
        ("max_members = 3", "snug.toml:1: there is no setting “max_members”; did you mean “max-members”?"),
        ("\n[tls-options]\na = 1", "snug.toml:2: there is no setting “tls-options”"),
        ("zzz = 1", "snug.toml:1: there is no setting “zzz”; --print-config shows those there are"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(said), "{refusal}");
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_line_and_its_name() {
    for (text, said) in [
        ("\nmax-members = \"many\"", "snug.toml:2: max-members: "),
        ("max-members = 0", "snug.toml:1: max-members: "),
        ("max-members = -5", "snug.toml:1: max-members: "),
        ("handshake-timeout = 70000", "snug.toml:1: handshake-timeout: "),
        ("durability = \"some\"", "snug.toml:1: durability: "),
        ("rate-limit = true", "snug.toml:1: rate-limit: "),
        ("name = \"a\"\nlisten = \"nowhere\"", "snug.toml:2: listen: it is an address and a port"),
        ("allow-origin = [\n  \"https://ok.example\",\n  \"chat.example\"\n]", "snug.toml:1: allow-origin: "),
        ("allow-origin = \"https://chat.example\"", "snug.toml:1: allow-origin: "),
        ("allow-host = [\"a b\"]", "snug.toml:1: allow-host: "),
        ("layer = \"kafka\"", "snug.toml:1: layer: "),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(said), "{refusal}");
    }
}

#[test]
fn broken_and_doubled_lines_are_refused_with_their_place() {
    for (text, line) in [
        ("name = \"a\"\nname = \"b\"", "snug.toml:2: "),
        ("name = \"a\"\n= 3", "snug.toml:2: "),
        ("[tls]\na = 1\n[tls]\nb = 1", "snug.toml:3: "),
        ("\n\nname = \"a", "snug.toml:3: "),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(line), "{refusal}");
    }
}

#[test]
fn what_this_build_does_not_serve_is_said_at_the_start() {
    assert!(
        load("", &["--layer", "redis://localhost"]).unwrap_err().to_string().contains("isn’t supported yet")
    );
    for tls in ["auto", "require"] {
        assert!(load("", &["--tls", tls]).unwrap_err().to_string().contains("isn’t supported yet"));
    }
    assert!(load("", &["--tls", "off", "--layer", "memory"]).is_ok());
}

#[test]
fn a_name_that_cannot_be_shown_is_refused() {
    for name in ["", "  ", "a\u{7}b", &"x".repeat(64), &"ö".repeat(32)] {
        assert!(load("", &["--name", name]).is_err(), "{name:?}");
    }
    assert!(load("", &["--name", &"x".repeat(63)]).is_ok());
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let options = Options::try_from(["snug-server", "--config", "/nowhere/snug.toml"]).unwrap();
    let error = options.load().unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/snug.toml: "), "{error}");
}

#[test]
fn wrong_flags_are_refused() {
    for flags in [
        ["--listen", "nowhere"],
        ["--max-members", "0"],
        ["--max-members", "-1"],
        ["--durability", "maybe"],
        ["--allow-origin", "https://a.example/path"],
        ["--lissten", "0.0.0.0:1"],
    ] {
        assert!(Options::try_from(["snug-server", flags[0], flags[1]]).is_err(), "{flags:?}");
    }
}

#[test]
fn an_address_or_a_port_alone_is_understood() {
    for (given, meant) in [
        ("8000", "0.0.0.0:8000"),
        (":9000", "0.0.0.0:9000"),
        ("*:9000", "0.0.0.0:9000"),
        ("localhost", "127.0.0.1:8000"),
        ("LocalHost:9000", "127.0.0.1:9000"),
        ("192.168.1.20", "192.168.1.20:8000"),
        ("192.168.1.20:80", "192.168.1.20:80"),
        ("::", "[::]:8000"),
        ("[::1]", "[::1]:8000"),
        ("[::1]:9000", "[::1]:9000"),
        ("fe80::1%7", "[fe80::1%7]:8000"),
        ("[fe80::1%7]:9000", "[fe80::1%7]:9000"),
    ] {
        let config = load("", &["--listen", given]).unwrap();
        assert_eq!(config.listen.to_string(), meant, "{given}");
    }
    for wrong in
        ["", "kitchen:8000", "8000:", "1:2", "99999", "localhost:x", "[::1", "fe80::1%no-such-interface"]
    {
        let refused = Options::try_from(["snug-server", "--listen", wrong]);
        assert!(refused.is_err_and(|error| error.to_string().contains("--listen")), "{wrong}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_whose_name_fits_no_file_is_said_instead_of_nothing() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let folder = TempDir::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_snug-server"))
        .args(["--print-config", "--data-dir"])
        .arg(OsStr::from_bytes(b"/srv/caf\xe9"))
        .current_dir(&folder)
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("data-dir: the name of the folder /srv/caf") && said.contains("no UTF-8"),
        "{said}"
    );
}

#[test]
fn lists_may_be_given_one_by_one_or_with_commas() {
    let flags =
        ["--allow-origin", "https://a.example,https://b.example", "--allow-origin", "https://c.example"];
    assert_eq!(load("", &flags).unwrap().allow_origin.len(), 3);
}

#[test]
fn errors_name_the_file_they_are_about() {
    let error = file::parse(Path::new("/etc/snug/snug.toml"), "nam = 1").unwrap_err();
    assert_eq!(error.to_string(), "/etc/snug/snug.toml:1: there is no setting “nam”; did you mean “name”?");
}

/// Runs the server's binary in a folder that is its home as well, with a file's settings and some variables.
fn run(settings: &str, variables: &[(&str, &str)], flags: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("snug.toml"), settings).unwrap();
    Command::new(env!("CARGO_BIN_EXE_snug-server"))
        .args(flags)
        .current_dir(&folder)
        .env_clear()
        .env("HOME", folder.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn a_variable_wins_over_the_file_and_a_flag_over_both() {
    let file = "name = \"file\"\nmax-members = 1\nmax-connections = 1";
    let variables =
        [("SNUG_NAME", "variable"), ("SNUG_MAX_MEMBERS", "2"), ("SNUG_ALLOW_HOST", "a.example,b.example")];
    let printed = run(file, &variables, &["--print-config", "--name", "flag"]);
    assert!(printed.status.success(), "{printed:?}");
    let config = load(&String::from_utf8(printed.stdout).unwrap(), &[]).unwrap();
    assert_eq!((config.name.as_str(), config.max_members, config.max_connections), ("flag", 2, 1));
    assert_eq!(config.allow_host.len(), 2);
}

#[test]
fn a_server_with_wrong_settings_does_not_start() {
    for (file, variables, flags, said) in [
        ("nam = 1", &[][..], &[][..], "snug.toml:1: there is no setting “nam”; did you mean “name”?"),
        ("", &[("SNUG_MAX_MEMBERS", "many")], &[], "--max-members"),
        ("", &[], &["--layer", "redis://localhost"], "isn’t supported yet"),
        ("", &[], &["--log", "snug_server=loud"], "log: "),
        (
            "",
            &[],
            &["--log", "verbose"],
            "log: “verbose” is no level; it is error, warn, info, debug or trace",
        ),
        ("log = \"info,verbose\"", &[], &[], "log: “verbose” is no level"),
        ("", &[], &["--port", "9000"], "--listen 9000"),
        ("", &[], &["--listen", "192.0.2.1:0"], "cannot listen on 192.0.2.1:0"),
        ("", &[], &["--data-dir", "snug.toml"], "the folder snug.toml cannot be used"),
    ] {
        let output = run(file, variables, flags);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(said), "{error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_help_tells_every_default_and_every_variable() {
    let help = String::from_utf8(run("", &[], &["--help"]).stdout).unwrap();
    for part in [
        "[default: 0.0.0.0:8000]",
        "[env: SNUG_LISTEN=]",
        "[default: full]",
        "[env: SNUG_MAX_CONNECTIONS_PER_ADDRESS=]",
    ] {
        assert!(help.contains(part), "{part} is not in {help}");
    }
}
