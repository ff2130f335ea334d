//! What every channel layer and every presence promises, whatever it is made of. Another one is a line in a list here.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

#[path = "backend/layer.rs"]
mod layer;
#[path = "backend/presence.rs"]
mod presence;
