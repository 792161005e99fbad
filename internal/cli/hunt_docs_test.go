package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/lake/duck"
)

var sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")

// TestQueriesOfTheDocs runs the queries of docs/hunt.md over empty views.
func TestQueriesOfTheDocs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "hunt.md"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	db, err := duck.Open(ctx, duck.Config{Views: column.Views(), Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	blocks := sqlBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 10 {
		t.Fatalf("only %d queries were found", len(blocks))
	}
	for _, b := range blocks {
		res, err := db.Select(ctx, b[1], 10)
		if err != nil {
			t.Errorf("%v in\n%s", err, b[1])
			continue
		}
		if _, err := res.Next(); err != nil {
			t.Errorf("%v in\n%s", err, b[1])
		}
		if err := res.Close(); err != nil {
			t.Error(err)
		}
	}
}
