"""Made-up reports printed as documents (HTML, DOCX, PDF), read back by the tools that people use, with an account of what survives."""
