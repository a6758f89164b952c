package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"linemark/internal/rights"
)

func runUser(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "user", []word{{"set", userSet}, {"list", userList}, {"remove", userRemove}, {"token", userToken}}, args,
		`linemark user set --config linemark.toml --role operator "A. Karimov"`)
}

// userBook takes the flags of a command on users and returns the book beside the configuration.
func userBook(c *console, args []string, more func(*flag.FlagSet)) (b rights.Book, rest []string, err error) {
	var path string
	rest, err = flags(c, "user", args, func(fs *flag.FlagSet) {
		configFlag(fs, &path)
		more(fs)
	})
	if err != nil {
		return b, rest, err
	}
	if _, err := os.Stat(path); err != nil {
		return b, rest, wrong(fmt.Errorf("there is no configuration %s", path), "--config names it; linemark config init writes a first one")
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	return rights.Beside(dir), rest, err
}

func nothingMore(*flag.FlagSet) {}

func oneUser(rest []string) (string, error) {
	if len(rest) != 1 {
		return "", wrong(fmt.Errorf("one name is needed, not %d", len(rest)), `write it in quotes where it has a blank: linemark user set --role operator "A. Karimov"`)
	}
	if problem := rights.CheckName(rest[0]); problem != "" {
		return "", wrong(errors.New(problem), "write 1 to 40 characters, without blanks at the ends")
	}
	return rest[0], nil
}

func userSet(_ context.Context, c *console, args []string) error {
	role := string(rights.Operator)
	book, rest, err := userBook(c, args, func(fs *flag.FlagSet) {
		fs.StringVar(&role, "role", role, "what the user may do: `ROLE` viewer, operator or engineer")
	})
	if err != nil {
		return err
	}
	name, err := oneUser(rest)
	if err != nil {
		return err
	}
	if !rights.Role(role).Known() {
		return wrong(fmt.Errorf("%q is no role", role), "viewer looks; operator starts batches, settles reports, undoes boxes; engineer does all")
	}
	password, err := readSecret(c, "password or PIN of "+name)
	if err != nil {
		return err
	}
	if problem := rights.CheckPassword(string(password)); problem != "" {
		return wrong(errors.New(problem), "choose another")
	}
	if err := book.Set(name, rights.Role(role), string(password), time.Now()); err != nil {
		return failed(err, "the folder of the configuration must be writable for you")
	}
	fmt.Fprintf(c.out, "%s is %s: the page lets him in with this password\n", name, role)
	return nil
}

func userList(_ context.Context, c *console, args []string) error {
	book, rest, err := userBook(c, args, nothingMore)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrong(fmt.Errorf("user list takes no argument %q", rest[0]), "linemark user --help shows its flags")
	}
	users, err := book.Users()
	if err != nil {
		return failed(err, "run it as an administrator")
	}
	tokens, err := book.Tokens()
	if err != nil {
		return err
	}
	if len(users)+len(tokens) == 0 {
		fmt.Fprintln(c.out, `nobody yet: linemark user set --role engineer "A. Karimov"`)
	}
	for _, u := range users {
		fmt.Fprintf(c.out, "%-9s %s, password of %s\n", u.Role, u.Name, u.Changed.Local().Format(time.DateOnly))
	}
	for _, t := range tokens {
		fmt.Fprintf(c.out, "%-9s token %s, of %s\n", t.Scope, t.Name, t.Made.Local().Format(time.DateOnly))
	}
	return nil
}

func userRemove(_ context.Context, c *console, args []string) error {
	book, rest, err := userBook(c, args, nothingMore)
	if err != nil {
		return err
	}
	name, err := oneUser(rest)
	if err != nil {
		return err
	}
	if err := book.Remove(name); err != nil {
		if token := book.RemoveToken(name); errors.Is(err, rights.ErrNoUser) && token == nil {
			fmt.Fprintf(c.out, "the token %s opens nothing any more\n", name)
			return nil
		}
		return failed(fmt.Errorf("%s: %w", name, err), "linemark user list shows who is known")
	}
	fmt.Fprintf(c.out, "%s is not let in any more\n", name)
	return nil
}

func userToken(_ context.Context, c *console, args []string) error {
	scope := rights.Look.String()
	book, rest, err := userBook(c, args, func(fs *flag.FlagSet) {
		fs.StringVar(&scope, "scope", scope, "what the token is good for: `SCOPE` look, operate or maintain")
	})
	if err != nil {
		return err
	}
	name, err := oneUser(rest)
	if err != nil {
		return err
	}
	right, known := rights.ParseRight(scope)
	if !known {
		return wrong(fmt.Errorf("%q is no scope", scope), "look reads; operate starts batches, settles reports; maintain does all")
	}
	token, err := book.NewToken(name, right, time.Now())
	if err != nil {
		return failed(err, "give another name, or remove the old one: linemark user remove NAME")
	}
	fmt.Fprintln(c.out, token)
	fmt.Fprintln(c.err, "it is shown this once; programs send it as Authorization: Bearer")
	return nil
}
