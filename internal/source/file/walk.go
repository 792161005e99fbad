package file

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const stdinPath = "<stdin>"

// Input is one thing to read.
type Input struct {
	Path    string // as the user would type it; "<stdin>" for standard input
	Size    int64  // bytes on disk when it was found; 0 for standard input
	ModTime time.Time
	Stdin   bool
}

// Walk lists the files that paths name, in that order: a file, a folder with
// all that is in it, in lexical order and through links, or "-" for standard
// input. A file that is reached twice is listed once. What cannot be read, and
// what is left out, is in problems; the rest goes on.
func Walk(paths []string) (files []Input, problems []Problem) {
	w := walker{seen: make(map[identity]string), above: make(map[identity]string)}
	for _, path := range paths {
		switch path {
		case "":
			w.problem(`""`, "an empty path", "name a file; is a variable of the shell not set?")
		case "-":
			w.stdin()
		default:
			w.visit(path, true)
		}
	}
	return w.files, w.problems
}

type walker struct {
	files    []Input
	problems []Problem
	seen     map[identity]string // files and folders, with the path they were found at
	above    map[identity]string // the folders that the walk is in
	stdins   int
	met      int // entries that are neither folders nor hidden
}

func (w *walker) problem(path, reason, hint string) {
	w.problems = append(w.problems, Problem{Path: path, Reason: reason, Hint: hint})
}

func (w *walker) notice(path, reason, hint string) {
	w.problems = append(w.problems, Problem{Path: path, Reason: reason, Hint: hint, Notice: true})
}

func (w *walker) stdin() {
	if w.stdins++; w.stdins > 1 {
		w.notice(stdinPath, "named more than once, read once", "")
		return
	}
	w.files = append(w.files, Input{Path: stdinPath, Stdin: true})
}

// visit handles one path; named means that the user gave it.
func (w *walker) visit(path string, named bool) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		w.folder(path, info, named)
		return
	}
	w.met++
	if err != nil {
		w.failed(path, err)
		return
	}
	if what, hint := special(info.Mode()); what != "" {
		w.problem(path, what, hint)
		return
	}
	if !w.first(path, info, "file") {
		return
	}
	f, err := os.Open(path)
	if err != nil {
		w.failed(path, err)
		return
	}
	_ = f.Close()
	w.files = append(w.files, Input{Path: path, Size: info.Size(), ModTime: info.ModTime()})
}

func (w *walker) folder(path string, info fs.FileInfo, named bool) {
	id := identify(path, info)
	if upper, ok := w.above[id]; ok {
		w.met++
		w.notice(path, "leads back to "+printable(upper)+", not followed again", "")
		return
	}
	if !w.first(path, info, "folder") {
		w.met++
		return
	}
	w.above[id] = path
	defer delete(w.above, id)

	before, visible := w.met, 0
	entries, err := os.ReadDir(path)
	if err != nil { // entries holds what came before it
		w.met++
		w.failed(path, err)
	}
	for _, e := range entries {
		child := filepath.Join(path, e.Name())
		if hidden(e.Name()) {
			w.notice(child, "hidden, not read", "name it to have it read")
			continue
		}
		visible++
		w.visit(child, false)
	}
	switch {
	case named && w.met == before:
		w.problem(path, "no files in this folder", "name the folder that holds the exported logs")
	case visible == 0 && err == nil:
		w.notice(path, "an empty folder", "")
	}
}

// first reports whether this is the first path to a file or folder, and notes
// it if not.
func (w *walker) first(path string, info fs.FileInfo, what string) bool {
	id := identify(path, info)
	if other, ok := w.seen[id]; ok {
		w.notice(path, fmt.Sprintf("the same %s as %s, read once", what, printable(other)), "")
		return false
	}
	w.seen[id] = path
	return true
}

func (w *walker) failed(path string, err error) {
	p := pathError(path, err).Problem
	if target, lerr := os.Readlink(path); lerr == nil && os.IsNotExist(err) {
		p.Reason, p.Hint = "a link to "+printable(target)+", which does not exist", "correct or remove the link"
	}
	w.problems = append(w.problems, p)
}

// hidden reports whether files of that name are what an operating system or a
// tool keeps for itself.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.EqualFold(name, "Thumbs.db") || strings.EqualFold(name, "desktop.ini")
}

// special names what is neither a file nor a folder. Reading such a thing might
// wait forever.
func special(mode fs.FileMode) (what, hint string) {
	switch {
	case mode.IsRegular():
		return "", ""
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe, not a file", "pass it as standard input: name - and add < in front of the path"
	case mode&fs.ModeSocket != 0:
		return "a socket, not a file", "leave it out"
	case mode&fs.ModeDevice != 0:
		return "a device, not a file", "leave it out; for standard input name -"
	}
	return "not an ordinary file", "copy its content to a file"
}
