//! Messages as they are read: the table that app and web page share, and what holds for any text.

mod any_text;
mod names;
mod table;
