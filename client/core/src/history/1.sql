-- How the index folds texts.
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- A room of a server in one of its histories.
CREATE TABLE rooms(
    id INTEGER PRIMARY KEY,
    server TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    epoch TEXT NOT NULL,
    current INTEGER NOT NULL, -- 1: the newest of its histories
    UNIQUE (server, key, epoch)
) STRICT;

-- Which entries of a room are known: first to last, without touching another span.
CREATE TABLE spans(
    room INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (room, first)
) STRICT, WITHOUT ROWID;

-- Messages in their present state, and topics, in the order of their time over all rooms: that is the order of every search.
CREATE TABLE messages(
    n INTEGER PRIMARY KEY, -- ms since 1970 << 20 | bits that tell those of one ms apart
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL, -- 0 chat_message, 1 topic
    id BLOB NOT NULL,
    user TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT, -- NULL once deleted
    reply_to INTEGER,
    edited INTEGER NOT NULL, -- the seq of the last edit
    as_of INTEGER NOT NULL, -- everything up to this seq is folded in
    reactions TEXT -- JSON
) STRICT;
CREATE UNIQUE INDEX messages_by_seq ON messages(room, seq);

-- Which trigrams a message's folded text has, and a trigram each that stands for its room and its sender. It keeps no texts.
CREATE VIRTUAL TABLE grams USING fts5(text, room, sender, content = '', detail = none, tokenize = 'trigram case_sensitive 1');
INSERT INTO grams(grams, rank) VALUES ('secure-delete', 1);
