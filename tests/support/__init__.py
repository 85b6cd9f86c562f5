"""What tests share: real containers, a real agent, a program that acts as told."""
