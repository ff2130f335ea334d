-- Things the log knows about itself: its secret with a sum over it, how its index folds texts.
CREATE TABLE meta(name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

-- In every table, `sum` is over the other columns of its row: it tells whether the disk changed them.

CREATE TABLE rooms(
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE, -- what makes two names one
    name TEXT NOT NULL, -- its first spelling
    epoch TEXT NOT NULL,
    last INTEGER NOT NULL, -- the newest seq
    last_at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    indexed INTEGER NOT NULL, -- messages up to this seq are in the index
    sum INTEGER NOT NULL
) STRICT;
CREATE INDEX rooms_by_news ON rooms(last_at);
CREATE INDEX rooms_behind ON rooms(id) WHERE indexed < last;

-- Room and seq are one number, so the table itself is in the order in which a room is read, and the index shares it.
CREATE TABLE entries(
    n INTEGER PRIMARY KEY, -- room << 40 | seq
    kind INTEGER NOT NULL, -- 0 chat_message, 1 edited, 2 deleted, 3 reacted, 4 topic
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    user TEXT NOT NULL,
    author TEXT NOT NULL,
    target INTEGER, -- the n of the message it is about
    text TEXT, -- a message as last edited, NULL once deleted; a reaction's emoji; a topic
    reply_to INTEGER,
    edited INTEGER, -- the seq of the last edit
    mark INTEGER, -- a reaction set or taken away
    digest BLOB NOT NULL, -- of what was sent, shortened once that is gone
    marks INTEGER NOT NULL, -- the sums of its rows in reactions, added up: tells whether one is missing
    sum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX entries_by_send ON entries(id, author, n >> 40);
CREATE INDEX edits ON entries(target) WHERE kind = 1;

-- The state of each mark ever set on a message that is there. The entries say it too, but all over the room.
CREATE TABLE reactions(
    message INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    author TEXT NOT NULL,
    mark INTEGER NOT NULL, -- 0: taken away again
    seq INTEGER NOT NULL, -- the entry that made it so
    sum INTEGER NOT NULL,
    PRIMARY KEY (message, emoji, author)
) STRICT, WITHOUT ROWID;

CREATE TABLE reads(
    room INTEGER NOT NULL,
    author TEXT NOT NULL,
    seq INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (room, author)
) STRICT, WITHOUT ROWID;

-- Folded texts, three characters at a time, under the n of their message. It keeps no copy of the texts.
CREATE VIRTUAL TABLE trigrams USING fts5(text, content = '', tokenize = 'trigram case_sensitive 1');
INSERT INTO trigrams(trigrams, rank) VALUES ('secure-delete', 1);
