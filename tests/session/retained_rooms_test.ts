import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RetainedRooms, Shelf, type Tenant } from "../../src/session/retained_rooms.ts";

const SIZE = 8, BLOCK = 128 * SIZE;

interface Guest extends Tenant {
  readonly name: number;
}

function write(shelf: Shelf, { room, name }: Guest): void {
  const start = shelf.startOf(room);
  shelf.blockOf(room).fill(name, start, start + SIZE);
}

function read(shelf: Shelf, { room }: Guest): Uint8Array {
  const start = shelf.startOf(room);
  return shelf.blockOf(room).subarray(start, start + SIZE);
}

Deno.test("who has a room finds in it what was written there, whoever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -600, max: 600 }), { minLength: 1, maxLength: 20 }), (steps) => {
      const shelf = new Shelf(SIZE), guests: Guest[] = [];
      let name = 0;
      for (const step of steps) {
        for (let count = step; count > 0; count--) {
          const guest = { name: name++ % 251, room: 0 };
          shelf.take(guest);
          write(shelf, guest);
          guests.push(guest);
        }
        for (let count = step; count < 0 && guests.length > 0; count++) {
          const [guest] = guests.splice((count * -7919) % guests.length, 1);
          shelf.giveBack(guest.room);
        }
        assertEquals(new Set(guests.map(({ room }) => room)).size, guests.length);
        for (const guest of guests) assert(read(shelf, guest).every((byte) => byte === guest.name));
        assert(shelf.bytes < guests.length * SIZE + 2 * BLOCK, `${shelf.bytes} bytes for ${guests.length} rooms`);
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("one who comes and goes takes no new memory each time", () => {
  for (const others of [0, 127, 128, 129]) {
    const shelf = new Shelf(SIZE), guest = { name: 1, room: 0 }, blocks = new Set<Uint8Array>();
    for (let index = 0; index < others; index++) shelf.take({ room: 0 });
    for (let time = 0; time < 5; time++) {
      shelf.take(guest);
      blocks.add(shelf.blockOf(guest.room));
      shelf.giveBack(guest.room);
    }
    assertEquals(blocks.size, 1, `beside ${others}`);
  }
});

Deno.test("who moves to another shelf keeps the room there, whichever it left", () => {
  for (const leaving of [0, 1, 2]) {
    const [from, to] = [new Shelf(SIZE), new Shelf(2 * SIZE)], guests = [0, 1, 2].map((name) => ({ name, room: 0 }));
    for (let index = 0; index < 5; index++) to.take({ room: 0 });
    for (const guest of guests) {
      from.take(guest);
      write(from, guest);
    }
    const { room } = guests[leaving];
    to.take(guests[leaving]);
    from.giveBack(room);
    assertEquals(guests[leaving].room, 5);
    for (const guest of guests.filter(({ name }) => name !== leaving)) {
      assert(guest.room < 2 && read(from, guest).every((byte) => byte === guest.name));
    }
  }
});

Deno.test("rooms are as small as they can be, in steps", () => {
  const rooms = new RetainedRooms();
  assertEquals([1, 64, 65, 128, 129, 511, 512].map((length) => rooms.shelfFor(length).size), [
    ...[64, 64, 128, 128, 192, 512, 512],
  ]);
});
