//! What every room log keeps to, asked of each of them; and what only the one on disk can.

mod log {
    mod acts;
    mod agree;
    pub mod bench;
    mod copies;
    mod damaged;
    mod disk;
    mod epochs;
    mod kept;
    mod pages;
    mod rules;
    mod search_rooms;
    mod upgrade;
}
