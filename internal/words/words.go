// Package words has what the page says to people, in Russian, Uzbek and English.
//
// The texts of a language stand in one file, a line `key = text` each. In a text {0}, {1} stand for what
// varies. Three kinds of keys belong together: say.X in en.txt is the pattern of a sentence that another
// room speaks, say.X of another file is its translation; do.X says what a person is to do about it, and
// else.X says so where nothing that stands in the sentence's places knows better.
//
// The program bears the files packed, which takes a quarter of the room: whoever has changed one of them packs
// them anew with go generate.
package words

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io/fs"
	"slices"
	"sync"
)

// Language is a language of the page.
type Language struct{ Code, Name string }

// languages stand in the order in which the page offers them.
var languages = []Language{{"ru", "Русский"}, {"uz", "O‘zbekcha"}, {"en", english}}

const (
	english     = "English"
	englishCode = "en"
)

// Languages returns the page's languages: their codes and their own names, in the order in which the page
// offers them.
func Languages() []Language { return slices.Clone(languages) }

//go:generate go run pack.go

//go:embed texts.zip
var packed []byte

// library is all books. They are made once, and never change.
type library struct {
	books map[string]*Book
	keys  []string // of the English book, in its order
}

// shelves opens the library. The files are part of the program and its tests read them all, so a fault in
// them is one of the program.
var shelves = sync.OnceValue(func() library {
	l, err := open()
	if err != nil {
		panic(fmt.Sprintf("words: %v", err))
	}
	return l
})

func open() (library, error) {
	l := library{books: map[string]*Book{}}
	files, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return l, fmt.Errorf("opening the books: %w", err)
	}
	for _, of := range languages {
		text, err := fs.ReadFile(files, of.Code+".txt")
		if err != nil {
			return l, fmt.Errorf("opening a book: %w", err)
		}
		lines, err := parse(string(text))
		if err != nil {
			return l, fmt.Errorf("%s.txt: %w", of.Code, err)
		}
		b := &Book{language: of.Code, texts: make(map[string]template, len(lines))}
		for _, one := range lines {
			b.texts[one.key] = one.text
		}
		if l.books[of.Code] = b; of.Code != englishCode {
			continue
		}
		for _, one := range lines {
			l.keys = append(l.keys, one.key)
		}
		all := phrasesOf(lines)
		for _, b := range l.books { // English is the last
			b.phrases = all
		}
	}
	return l, nil
}

// Keys returns the keys of all texts, in the order of the English file.
func Keys() []string { return slices.Clone(shelves().keys) }

// Of returns the book of a language; English for one that is unknown.
func Of(language string) *Book {
	books := shelves().books
	if b := books[language]; b != nil {
		return b
	}
	return books[englishCode]
}

// Book has the texts of one language. It never changes, so many may read it at a time.
type Book struct {
	language string
	texts    map[string]template
	phrases  *phrases // of the English sentences
}

// Language returns the book's code, such as "ru".
func (b *Book) Language() string { return b.language }

// Text returns the text of a key with args in the places of {0}, {1}; an unknown key comes back itself.
func (b *Book) Text(key string, args ...any) string {
	t, ok := b.texts[key]
	if !ok {
		return key
	}
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = fmt.Sprint(a)
	}
	return t.fill(texts)
}
