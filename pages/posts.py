"""Posts: the posts behind any number, and why each of them counts."""

from ui import data, posts, shell

scope = shell.open_page()
wanted, sort = posts.chosen(scope)
posts.filter_row(wanted, sort)
found = data.count_posts(wanted)
posts.head(wanted, sort, found)
posts.listing(wanted, sort, found)
