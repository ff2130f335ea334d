//! The history on this computer, over real files.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod files;
mod kept;
mod made;
mod searches;
