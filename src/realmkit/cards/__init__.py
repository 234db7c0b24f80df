"""What a card is: code refs, documents, definitions, links. No I/O."""
