import { expect, it } from 'vitest';
import { describe } from './describe.mjs';

const FILE = `syntax = "proto3";

// Serves dogs.
service Dogs {
  // One dog.
  rpc GetDog(GetDogRequest) returns (Dog);
}

// An old comment.
message Dog {
  // An old comment.
  enum Mood {
    MOOD_UNSPECIFIED = 0;
    // An old comment.
    CALM = 1;
    LOUD = 2;
  }
  string full_name = 1;
  optional Mood mood = 2;
  Mood last_mood = 3;
}
`;

const MESSAGES = new Map([
  [
    'Dog',
    {
      description: 'An animal.',
      fields: new Map([
        ['fullName', 'The name.'],
        ['mood', 'How the dog of `fullName` is. CALM: it sleeps. LOUD: it barks. Default: CALM.'],
        ['lastMood', 'How it was. Default: CALM.'],
      ]),
    },
  ],
]);

it('writes what the schemas say before messages, fields, enums and values', () => {
  const { text, undescribed } = describe(FILE, MESSAGES);
  expect(undescribed).toEqual([]);
  expect(text).toBe(`syntax = "proto3";

// Serves dogs.
service Dogs {
  // One dog.
  rpc GetDog(GetDogRequest) returns (Dog);
}

// An animal.
message Dog {
  // How the dog of \`full_name\` is.
  enum Mood {
    MOOD_UNSPECIFIED = 0;
    // It sleeps.
    CALM = 1;
    // It barks.
    LOUD = 2;
  }
  // The name.
  string full_name = 1;
  // How the dog of \`full_name\` is. Default: CALM.
  optional Mood mood = 2;
  // How it was.
  Mood last_mood = 3;
}
`);
  expect(describe(text, MESSAGES).text).toBe(text);
});

it('keeps the comments of a message without a schema, and names its fields that have none', () => {
  const { text, undescribed } = describe(FILE, new Map());
  expect(text).toBe(FILE);
  expect(undescribed).toEqual(['Dog.full_name', 'Dog.mood', 'Dog.last_mood']);
});

it('drops the comment of a field that its schema no longer describes, and names the field', () => {
  const { text, undescribed } = describe(
    'message Dog {\n  // Old.\n  string name = 1;\n}\n',
    new Map([['Dog', { fields: new Map() }]]),
  );
  expect(text).not.toContain('Old');
  expect(undescribed).toEqual(['Dog.name']);
});

it('breaks a long comment between words, before column 110', () => {
  const long = Array.from({ length: 30 }, () => 'sentence').join(' ');
  const { text } = describe('message Dog {}\n', new Map([['Dog', { description: long, fields: new Map() }]]));
  const comments = text.split('\n').filter((line) => line.startsWith('//'));
  expect(Math.max(...comments.map((line) => line.length))).toBeLessThanOrEqual(110);
  expect(comments.map((line) => line.slice(3)).join(' ')).toBe(long);
});
