-- Folded texts, three characters at a time, under the n of their message: which trigrams it has, not where. A hit is looked at
-- anyway, and positions would make the index many times as large as the texts. It keeps no copy of the texts.
CREATE VIRTUAL TABLE grams USING fts5(text, content = '', detail = none, tokenize = 'trigram case_sensitive 1');
INSERT INTO grams(grams, rank) VALUES ('secure-delete', 1);

-- Messages in the index as searches compare them, where that is more than lower case.
CREATE TABLE folded(n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;

-- Messages that were edited or deleted since the index took them in, with the text that it took.
CREATE TABLE stale(n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
