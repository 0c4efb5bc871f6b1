"""The teaching library where it joins images and film review: copies without identity, viewer pages, exercises."""
