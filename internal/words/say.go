package words

import (
	"cmp"
	"slices"
	"strings"
)

// Keys of sentences, of what to do about them, and of what to do where nothing inside them knows better.
const (
	sayKey   = "say."
	doKey    = "do."
	elseKey  = "else."
	countKey = sayKey + "count_" // {0} of these is a number
)

// Bounds: longer sentences, and what lies deeper in one, stay as they are.
const (
	longest = 4096
	deepest = 12
)

// pattern is an English sentence with places for what varies.
type pattern struct {
	name    string // the key without say.
	counts  bool   // {0} is a number
	text    template
	literal int // bytes that do not vary
	rank    int // among all patterns; the most specific has 0
}

// phrases are all patterns, the most specific first, by the byte that they begin with.
type phrases struct {
	by   [256][]pattern
	open []pattern // those that begin with a place
}

func phrasesOf(lines []line) *phrases {
	var all phrases
	for i, p := range patternsOf(lines) {
		p.rank = i
		if begin := p.text.literals[0]; begin == "" {
			all.open = append(all.open, p)
		} else {
			all.by[begin[0]] = append(all.by[begin[0]], p)
		}
	}
	return &all
}

// find returns the most specific pattern that a whole sentence matches; nil: none. The sentence is not empty.
func (a *phrases) find(sentence string) (p *pattern, args []string) {
	for _, list := range [][]pattern{a.by[sentence[0]], a.open} {
		for i := range list {
			if p != nil && p.rank < list[i].rank {
				break
			}
			if found, ok := list[i].match(sentence); ok {
				p, args = &list[i], found
				break
			}
		}
	}
	return p, args
}

// patternsOf gathers the patterns of the English file. The most specific come first; of those with as many
// literal bytes, the earlier in the file.
func patternsOf(lines []line) []pattern {
	var all []pattern
	for _, one := range lines {
		name, ok := strings.CutPrefix(one.key, sayKey)
		if !ok {
			continue
		}
		p := pattern{name: name, counts: strings.HasPrefix(one.key, countKey), text: one.text}
		for _, l := range p.text.literals {
			p.literal += len(l)
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b pattern) int { return cmp.Compare(b.literal, a.literal) })
	return all
}

// match returns what stands in the pattern's places, by their numbers. Each place takes as little as it can.
func (p *pattern) match(sentence string) ([]string, bool) {
	literals, places := p.text.literals, p.text.places
	last := literals[len(literals)-1]
	if len(places) == 0 {
		return nil, sentence == last
	}
	rest, ok := strings.CutPrefix(sentence, literals[0])
	if !ok {
		return nil, false
	}
	if rest, ok = strings.CutSuffix(rest, last); !ok {
		return nil, false
	}
	if len(places) > 1 && !strings.Contains(rest, literals[1]) {
		return nil, false // before anything is allocated: most patterns end here
	}
	args := make([]string, len(places))
	for i, place := range places {
		if i == len(places)-1 {
			args[place] = rest
			break
		}
		if args[place], rest, ok = strings.Cut(rest, literals[i+1]); !ok {
			return nil, false
		}
	}
	return args, !p.counts || number(args[0])
}

// number says whether a text is a number as people write it: 3, 1,204 or 0.5.
func number(text string) bool {
	return text != "" && strings.Trim(text, "0123456789,.") == "" && text[0] >= '0'
}

// Say returns a sentence that another room speaks in the book's language. What stands in its places is
// translated in turn. A sentence that is unknown stays as it is.
func (b *Book) Say(english string) string {
	if b.language == englishCode {
		return english
	}
	return b.lines(english, nil)
}

// lines translates each line by itself: joined errors stand on lines of their own. unknown, if not nil, is
// told what no pattern has.
func (b *Book) lines(text string, unknown func(string)) string {
	if len(text) > longest {
		return text
	}
	all := strings.Split(text, "\n")
	for i, one := range all {
		all[i] = b.say(one, deepest, unknown)
	}
	return strings.Join(all, "\n")
}

func (b *Book) say(sentence string, depth int, unknown func(string)) string {
	var p *pattern
	var args []string
	if depth > 0 && sentence != "" {
		p, args = b.phrases.find(sentence)
	}
	if p == nil {
		if unknown != nil {
			unknown(sentence)
		}
		return sentence
	}
	for i := range args {
		args[i] = b.say(args[i], depth-1, unknown)
	}
	if t, ok := b.texts[sayKey+p.name]; ok {
		return t.fill(args)
	}
	return p.text.fill(args)
}

// Do returns what a person is to do about a sentence that another room speaks: what is known for the sentence,
// else for a sentence inside it. It is empty if nothing is known.
func (b *Book) Do(english string) string {
	if len(english) > longest {
		return ""
	}
	for one := range strings.SplitSeq(english, "\n") {
		if what := b.do(one, deepest); what != "" {
			return what
		}
	}
	return ""
}

func (b *Book) do(sentence string, depth int) string {
	if depth == 0 || sentence == "" {
		return ""
	}
	p, args := b.phrases.find(sentence)
	if p == nil {
		return ""
	}
	if t, ok := b.texts[doKey+p.name]; ok {
		return t.fill(nil)
	}
	for _, one := range args {
		if what := b.do(one, depth-1); what != "" {
			return what
		}
	}
	if t, ok := b.texts[elseKey+p.name]; ok {
		return t.fill(nil)
	}
	return ""
}
