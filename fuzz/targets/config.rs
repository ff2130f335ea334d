//! Any text as a settings file.
//!
//! A refusal names an existing line. Accepted settings, printed as a file and read again, are the same settings.
#![no_main]

use std::{path::Path, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use snug_server::config::{Config, ConfigError, file};

static DEFAULT: LazyLock<Config> = LazyLock::new(Config::default);

fuzz_target!(|text: &str| {
    let path = Path::new("snug.toml");
    match file::parse(path, text) {
        Ok(settings) => {
            let mut config = DEFAULT.clone();
            settings.apply(&mut config);
            if config.check().is_ok() {
                let Ok(printed) = file::print(&config) else { return };
                let mut again = DEFAULT.clone();
                file::parse(path, &printed).expect("what is printed can be loaded").apply(&mut again);
                assert_eq!(again, config, "{printed}");
            }
        }
        Err(ConfigError::Line { line, message, .. }) => {
            assert!((1..=text.split('\n').count()).contains(&line) && !message.is_empty());
        }
        Err(other) => panic!("{other}"),
    }
});
