namespace NativeRetrieval.WeightsConvert.Pickle;

ref partial struct PickleMachine
{
    /// <summary>The lowest stack position that may be taken off: the values under the last mark belong to an outer value.</summary>
    readonly int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    readonly void Push(object value) => _stack.Add(value);

    readonly object Peek() => _stack.Count > Floor ? _stack[^1] : throw Underflow();

    readonly object Pop()
    {
        object value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    readonly void PopOrUnmark()
    {
        if (_marks.Count > 0 && _marks[^1] == _stack.Count) PopMark();
        else Pop();
    }

    /// <summary>Takes the last mark away.</summary>
    /// <returns>Stack position of the first value after it.</returns>
    readonly int PopMark()
    {
        if (_marks.Count == 0) throw new PickleError("an instruction needs a mark, and there is none");
        int start = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return start;
    }

    readonly void Drop(int start) => _stack.RemoveRange(start, _stack.Count - start);

    readonly PickleList Collect(PickleList.Kinds kind) => Take(PopMark(), kind);

    readonly PickleList Take(int start, PickleList.Kinds kind)
    {
        var list = new PickleList(kind, _stack.GetRange(start, _stack.Count - start));
        Drop(start);
        return list;
    }

    readonly void PushTuple(int count)
    {
        if (_stack.Count - count < Floor) throw Underflow();
        Push(Take(_stack.Count - count, PickleList.Kinds.Tuple));
    }

    /// <summary>Moves the values from <paramref name="start"/> on into the list that lies under them.</summary>
    readonly void Append(int start, PickleList.Kinds kind)
    {
        object target = Under(start);
        var list = target switch
        {
            PickleList known when known.Kind == kind => known,
            PickleObject instance => instance.List,
            _ => throw new PickleError($"values are appended to something that is no {kind.ToString().ToLowerInvariant()}"),
        };
        for (int i = start; i < _stack.Count; i++) list.Add(_stack[i]);
        Drop(start);
    }

    /// <summary>Moves pairs of key and value from <paramref name="start"/> on into the dictionary that lies under them.</summary>
    readonly void SetItems(int start)
    {
        object target = Under(start);
        var dict = target switch
        {
            PickleDict known => known,
            PickleObject instance => instance.Dict,
            _ => throw new PickleError("items are set in something that is no dictionary"),
        };
        Fill(dict, start);
    }

    readonly void CollectDict()
    {
        var dict = new PickleDict();
        Fill(dict, PopMark());
        Push(dict);
    }

    readonly void Fill(PickleDict dict, int start)
    {
        if ((_stack.Count - start) % 2 != 0) throw new PickleError("a key without a value");
        for (int i = start; i < _stack.Count; i += 2) dict.Set(_stack[i], _stack[i + 1]);
        Drop(start);
    }

    readonly object Under(int start) => start - 1 >= Floor ? _stack[start - 1] : throw Underflow();

    static PickleError Underflow() => new("an instruction takes more values than there are on the stack");
}
