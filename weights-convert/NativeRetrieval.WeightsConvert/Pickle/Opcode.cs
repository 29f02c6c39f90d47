namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>Instructions of pickle protocols 0 to 5, as the standard library's <c>pickletools</c> documents them.</summary>
enum Opcode : byte
{
    Mark = (byte)'(', Stop = (byte)'.', Pop = (byte)'0', PopMark = (byte)'1', Dup = (byte)'2',
    Float = (byte)'F', Int = (byte)'I', BinInt = (byte)'J', BinInt1 = (byte)'K', Long = (byte)'L', BinInt2 = (byte)'M', None = (byte)'N',
    PersistentId = (byte)'P', BinPersistentId = (byte)'Q', Reduce = (byte)'R',
    String = (byte)'S', BinString = (byte)'T', ShortBinString = (byte)'U', Unicode = (byte)'V', BinUnicode = (byte)'X',
    Append = (byte)'a', Build = (byte)'b', Global = (byte)'c', Dict = (byte)'d', EmptyDict = (byte)'}', Appends = (byte)'e',
    Get = (byte)'g', BinGet = (byte)'h', Inst = (byte)'i', LongBinGet = (byte)'j', List = (byte)'l', EmptyList = (byte)']', Obj = (byte)'o',
    Put = (byte)'p', BinPut = (byte)'q', LongBinPut = (byte)'r', SetItem = (byte)'s', Tuple = (byte)'t', EmptyTuple = (byte)')',
        SetItems = (byte)'u',
    BinFloat = (byte)'G',

    Protocol = 0x80, NewObj, Extension1, Extension2, Extension4, Tuple1, Tuple2, Tuple3, True, False, Long1, Long4,

    BinBytes = (byte)'B', ShortBinBytes = (byte)'C',

    ShortBinUnicode = 0x8C, BinUnicode8, BinBytes8, EmptySet, AddItems, FrozenSet, NewObjEx, StackGlobal, Memoize, Frame,

    ByteArray8, NextBuffer, ReadonlyBuffer,
}
