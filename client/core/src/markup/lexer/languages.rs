//! The languages whose words are told apart.

use super::Token;

/// How the words of a language look.
#[derive(Debug)]
pub(super) struct Language {
    /// All its names, in small letters.
    names: &'static [&'static str],
    /// With a blank between each two.
    pub keywords: &'static str,
    /// What begins a comment to the end of the line.
    pub comments: &'static [&'static str],
    /// What may reach over lines: what it is, how it begins and ends. Longer beginnings first.
    pub spans: &'static [(Token, &'static str, &'static str)],
    /// What is around texts on one line.
    pub quotes: &'static str,
    pub ignores_case: bool,
    /// Whether words in capitals are types.
    pub has_types: bool,
    /// Whether what stands before a colon is a key.
    pub has_keys: bool,
    pub has_lifetimes: bool,
    pub is_markup: bool,
    pub is_diff: bool,
}

/// Constants of whichever language.
pub(super) const CONSTANTS: [&str; 12] =
    ["true", "false", "null", "None", "True", "False", "nil", "undefined", "NULL", "nullptr", "NaN", "yes"];

const BLOCK: (Token, &str, &str) = (Token::Comment, "/*", "*/");
const TICKS: (Token, &str, &str) = (Token::Text, "`", "`");

/// Everything a language has not.
const NOTHING: Language = Language {
    names: &[],
    keywords: "",
    comments: &[],
    spans: &[],
    quotes: "\"'",
    ignores_case: false,
    has_types: false,
    has_keys: false,
    has_lifetimes: false,
    is_markup: false,
    is_diff: false,
};

/// What C and its descendants share.
const C_LIKE: Language = Language { comments: &["//"], spans: &[BLOCK], has_types: true, ..NOTHING };

/// What languages with `#` for comments share.
const HASH: Language = Language { comments: &["#"], ..NOTHING };

impl Language {
    /// The language of this name, if it is known.
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = name.to_lowercase();
        LANGUAGES.iter().find(|language| language.names.contains(&&*name))
    }
}

static LANGUAGES: [Language; 19] = [
    Language {
        names: &["rust", "rs"],
        keywords: "as async await break const continue crate dyn else enum extern fn for if impl in let loop match \
            mod move mut pub ref return self Self static struct super trait type union unsafe use where \
            while bool char str u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64",
        has_lifetimes: true,
        ..C_LIKE
    },
    Language {
        names: &["c", "h", "cpp", "c++", "cc", "hpp", "h++", "cxx", "objc", "arduino", "ino", "glsl"],
        keywords: "auto bool break case catch char class const constexpr continue default delete do double else \
            enum explicit extern float for friend goto if inline int long namespace new noexcept operator \
            override private protected public return short signed sizeof static struct switch template this \
            throw try typedef typename union unsigned using virtual void volatile while",
        ..C_LIKE
    },
    Language {
        names: &["java", "kotlin", "kt", "scala", "groovy", "dart", "swift", "cs", "c#", "csharp"],
        keywords: "abstract as async await boolean bool break byte case catch char class const continue data def \
            default do double else enum extends final finally float for foreach fun func guard if \
            implements import in instanceof int interface internal is let long namespace new object \
            override package private protected public readonly return sealed short static string struct \
            super switch this throw throws trait try using val var void when while",
        ..C_LIKE
    },
    Language {
        names: &["js", "javascript", "jsx", "mjs", "ts", "typescript", "tsx", "node"],
        keywords: "as async await break case catch class const continue default delete do else enum export extends \
            finally for from function if implements import in instanceof interface let new of private \
            public readonly return static super switch this throw try type typeof var void while with yield",
        spans: &[BLOCK, TICKS],
        ..C_LIKE
    },
    Language {
        names: &["go", "golang"],
        keywords: "break case chan const continue default defer else fallthrough for func go goto if import \
            interface map package range return select struct switch type var bool byte error int int64 rune \
            string uint64 float64",
        spans: &[BLOCK, TICKS],
        ..C_LIKE
    },
    Language {
        names: &["python", "py", "python3", "gdscript"],
        keywords: "and as assert async await break class continue def del elif else except finally for from global \
            if import in is lambda match nonlocal not or pass raise return self try while with yield",
        spans: &[(Token::Text, "\"\"\"", "\"\"\""), (Token::Text, "'''", "'''")],
        has_types: true,
        ..HASH
    },
    Language {
        names: &["ruby", "rb", "crystal", "elixir", "ex"],
        keywords: "alias and begin break case class def defmodule do else elsif end ensure fn for if in module \
            next not or redo require rescue retry return self super then unless until use when while yield",
        has_types: true,
        ..HASH
    },
    Language {
        names: &["sh", "bash", "zsh", "shell", "console", "fish", "makefile", "make", "dockerfile", "docker"],
        keywords: "alias break case cd continue do done echo elif else esac exit export fi for function if in \
            local read return set shift source sudo then trap unset until while FROM RUN COPY CMD \
            ENTRYPOINT ENV WORKDIR EXPOSE",
        ..HASH
    },
    Language {
        names: &["json", "jsonc", "json5"],
        comments: &["//"],
        spans: &[BLOCK],
        has_keys: true,
        ..NOTHING
    },
    Language { names: &["yaml", "yml"], has_keys: true, ..HASH },
    Language { names: &["toml", "ini", "conf", "properties", "env"], comments: &["#", ";"], ..NOTHING },
    Language {
        names: &["html", "xml", "svg", "vue", "svelte", "xhtml"],
        spans: &[(Token::Comment, "<!--", "-->")],
        is_markup: true,
        ..NOTHING
    },
    Language { names: &["css", "scss", "less"], spans: &[BLOCK], has_keys: true, ..NOTHING },
    Language {
        names: &["sql", "sqlite", "postgres", "postgresql", "mysql"],
        keywords: "add all alter and as asc begin between by case commit create delete desc distinct drop else end \
            exists from group having in index inner insert integer into is join key left like limit not on \
            or order outer primary references select set table text then union unique update values view \
            when where with",
        comments: &["--"],
        spans: &[BLOCK],
        ignores_case: true,
        ..NOTHING
    },
    Language {
        names: &["lua"],
        keywords: "and break do else elseif end for function goto if in local not or repeat return then until \
            while",
        comments: &["--"],
        spans: &[(Token::Comment, "--[[", "]]")],
        ..NOTHING
    },
    Language {
        names: &["php"],
        keywords: "abstract array as break case catch class const continue default echo else elseif extends final \
            finally fn for foreach function if implements interface match namespace new private protected \
            public return static switch throw trait try use var while",
        comments: &["//", "#"],
        ..C_LIKE
    },
    Language {
        names: &["perl", "pl", "r", "julia", "jl", "nix", "tcl", "powershell", "ps1", "cmake"],
        keywords: "begin else elsif end for foreach function if in let library local my next our param return set \
            sub then unless use using while with",
        ..HASH
    },
    Language {
        names: &["haskell", "hs", "elm"],
        keywords: "case class data deriving do else if import in instance let module newtype of then type where",
        comments: &["--"],
        spans: &[(Token::Comment, "{-", "-}")],
        quotes: "\"",
        has_types: true,
        ..NOTHING
    },
    Language { names: &["diff", "patch"], is_diff: true, ..NOTHING },
];
